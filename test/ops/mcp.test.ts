// `./stockade mcp` as an agent uses it: the SDK's own client over standard input and output, and real jobs behind every tool.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import t from 'tap'
import type { Job } from '../../contract/result.js'
import { freePort } from '../free-port.js'
import { address, instance, openTenant } from '../stack.js'
import { repository } from '../tidy-source.js'

const tenant = openTenant('mcp')
const directory = mkdtempSync(join(tmpdir(), 'stockade-mcp-'))
const keyFile = join(directory, 'key')
writeFileSync(keyFile, `${tenant.key}\n`, { mode: 0o600 })
const command = join(repository, 'stockade')
const argumentsWith = (key: string): string[] => [
  ...['mcp', '--instance', instance, '--address', address, '--key', key],
]

async function open(key = keyFile): Promise<{ client: Client; transport: StdioClientTransport }> {
  const transport = new StdioClientTransport({ command, args: argumentsWith(key), stderr: 'pipe' })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  return { client, transport }
}

const { client } = await open()
t.teardown(async () => {
  await client.close()
  rmSync(directory, { recursive: true })
})

type Answer = {
  readonly isError: boolean
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

async function call(name: string, input: object, by = client): Promise<Answer> {
  const answer = (await by.callTool({ name, arguments: { ...input } })) as CallToolResult
  const [content] = answer.content
  return {
    isError: answer.isError === true,
    text: content?.type === 'text' ? content.text : '',
    data: answer.structuredContent ?? {},
  }
}

t.test('it says what it is and which tools there are, each with a closed schema', async (t) => {
  t.match(client.getServerVersion(), { name: 'stockade', version: /^\d+\.\d+/ })
  t.match(client.getInstructions(), /untrusted|not trusted/)
  const { tools } = await client.listTools()
  t.same(
    tools.map(({ name, annotations }) => [name, annotations?.readOnlyHint]),
    [
      ['run', false],
      ['read_job', true],
      ['cancel_job', false],
      ['languages', true],
      ['explain_policy', true],
    ],
  )
  for (const { name, inputSchema, description = '' } of tools) {
    t.match(inputSchema, { type: 'object', additionalProperties: false }, name)
    t.ok(description.length > 20)
  }
})

t.test('languages and images', async (t) => {
  const { text, data } = await call('languages', {})
  t.match(text, /^python 3\./m)
  t.match(text, /^image \S+ \(sha256:[0-9a-f]{64}\)$/m)
  t.ok((data.languages as unknown[]).length >= 5)
})

t.test('code in a language, with files, input and arguments', async (t) => {
  const answer = await call('run', {
    language: 'python',
    source: 'import sys\nprint(int(sys.stdin.read()) * len(open("a.txt").read()), sys.argv[1:])',
    files: [{ path: 'a.txt', content: 'x'.repeat(7) }],
    stdin: '6',
    arguments: ['one'],
  })
  t.match(answer, {
    isError: false,
    data: { outcome: 'ok', exitCode: 0, stdout: "42 ['one']\n", leftOut: { stdout: 0 } },
  })
  t.match(answer.text, /^job_\w+: ok \(exit code 0/)
  t.match(answer.text, /stdout:\n42/)
})

t.test('a command in an image', async (t) => {
  const command = ['/bin/sh', '-c', 'echo to stderr >&2; id -u']
  const { data } = await call('run', { image: 'default', command })
  t.match(data, { outcome: 'ok', stdout: '1000\n', stderr: 'to stderr\n' })
})

t.test('a program that fails has run all the same', async (t) => {
  const failed = await call('run', { language: 'bash', source: 'echo no >&2; exit 3' })
  t.match(failed, { isError: false, data: { outcome: 'exit-nonzero', exitCode: 3 } })
  t.match(failed.text, /stderr:\nno/)
  const hung = { language: 'bash', source: 'sleep 60', limits: { wallMs: 300 } }
  t.match((await call('run', hung)).data, { outcome: 'wall-time-limit' })
})

t.test('long output is shown by its beginning and its end, and says how much is not', async (t) => {
  const source = 'print("first"); print("x" * 100_000); print("last")'
  const { data, text } = await call('run', { language: 'python', source })
  t.match(data, { outcome: 'ok', leftOut: { stdout: 100_012 - 32_768, stderr: 0 } })
  t.match(data.stdout, /^first\nx+\n\[… 67244 characters are left out here …\]\nx+\nlast\n$/)
  t.ok(text.length < 40_000)
})

t.test('bytes that are no text', async (t) => {
  const { text } = await call('run', { language: 'bash', source: "printf '\\377\\000'" })
  t.match(text, /stdout \(base64: it is no UTF-8\):\n\/wA=/)
})

t.test('one that takes longer than one waits: looked at, and ended', async (t) => {
  const slow = { language: 'bash', source: 'sleep 30', waitSeconds: 0 }
  const begun = await call('run', slow)
  const { job, state } = begun.data as { job: string; state: string }
  t.ok(state === 'queued' || state === 'running', state)
  t.match(begun.text, /Ask again with read_job/)
  t.match((await call('read_job', { job })).data, { job, state: /queued|running/ })
  t.match((await call('cancel_job', { job })).isError, false)
  t.match((await call('read_job', { job, waitSeconds: 30 })).data, { outcome: 'cancelled' })
})

t.test('a client that gives up ends the job', async (t) => {
  const abort = new AbortController()
  const spec = { language: 'bash', source: 'sleep 31', env: { MARK: 'given-up' } }
  const gone = client.callTool({ name: 'run', arguments: spec }, undefined, {
    signal: abort.signal,
  })
  const jobs = async (): Promise<Job[]> =>
    ((await tenant.request('GET', '/v1/jobs?limit=1')).json as { jobs: Job[] }).jobs
  let [job] = await jobs()
  while (job === undefined || job.state === 'finished') [job] = await jobs()
  abort.abort()
  await t.rejects(gone)
  t.equal((await tenant.finished(job.id)).outcome, 'cancelled')
})

t.test('input that is none: every fault with its place', async (t) => {
  const { isError, text, data } = await call('run', {
    language: 5,
    nonsense: true,
    files: [{ path: 7 }],
    limits: { wallMs: -1 },
  })
  t.ok(isError)
  for (const pointer of ['/language', '/nonsense', '/files/0/path', '/limits/wallMs'])
    t.ok(text.includes(`- ${pointer}: `), `${pointer} in ${text}`)
  t.ok((data.faults as unknown[]).length >= 4)
  t.match(await call('read_job', { job: '../etc' }), { isError: true, text: /- \/job: / })
  t.match(await call('cancel_job', {}), { isError: true, text: /- \/job: This field is required/ })
  const unknown = `job_${'0'.repeat(26)}`
  t.match(await call('read_job', { job: unknown }), { isError: true, text: /not-found/ })
  await t.rejects(client.callTool({ name: 'sudo', arguments: {} }), /There is no tool sudo/)
})

t.test(
  'a refusal by policy: rule, place and what would be allowed; and the same asked first',
  async (t) => {
    const greedy = { language: 'bash', source: 'true', limits: { memoryBytes: 2 ** 50 } }
    const refused = await call('run', greedy)
    t.ok(refused.isError)
    t.match(
      refused.text,
      /policy-denied[\s\S]*limit-maximum at \/limits\/memoryBytes: [\s\S]*JSON Patch/,
    )
    const explained = await call('explain_policy', greedy)
    t.match(explained, { isError: false, data: { verdict: 'deny' } })
    t.match(explained.text, /limit-maximum at \/limits\/memoryBytes/)
    const allowed = await call('explain_policy', { language: 'bash', source: 'true' })
    t.match(allowed.text, /^allow, under the grant untrusted\.[\s\S]*network none/)
  },
)

t.test('a key that is none, and a service that is not there, are said', async (t) => {
  const wrong = join(directory, 'wrong')
  writeFileSync(wrong, 'sk_0000000000000000_nothing')
  const stranger = await open(wrong)
  t.match(await call('languages', {}, stranger.client), { isError: true, text: /unauthenticated/ })
  await stranger.client.close()
  const none = spawnSync(command, argumentsWith(join(directory, 'none')), { encoding: 'utf8' })
  t.equal(none.stdout, '', 'stdout is the protocol’s alone')
  t.match(none.stderr, /there is no key in/)
  t.not(none.status, 0)
  const nowhere = new StdioClientTransport({
    command,
    args: [
      'mcp',
      '--instance',
      instance,
      '--address',
      `127.0.0.1:${await freePort()}`,
      '--key',
      keyFile,
    ],
  })
  const lost = new Client({ name: 'test', version: '1' })
  await lost.connect(nowhere)
  t.match(await call('languages', {}, lost), {
    isError: true,
    text: /could not be asked: ECONNREFUSED/,
  })
  await lost.close()
})

t.test('it ends with its client, and takes what runs with it', async (t) => {
  const other = await open()
  const begun = call('run', { language: 'bash', source: 'sleep 32' }, other.client)
  const jobs = async (): Promise<Job[]> =>
    ((await tenant.request('GET', '/v1/jobs?limit=1')).json as { jobs: Job[] }).jobs
  let [job] = await jobs()
  while (job === undefined || job.state === 'finished') [job] = await jobs()
  await other.client.close()
  await t.rejects(begun)
  t.equal((await tenant.finished(job.id)).outcome, 'cancelled')
})
