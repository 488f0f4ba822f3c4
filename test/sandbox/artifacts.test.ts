// Artifacts: what a job leaves is kept, listed and fetched byte for byte; whatever else it puts in the place of a file is told and left.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Artifacts } from '../../contract/artifact.js'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { accountOf, address, openTenant, type Tenant } from '../stack.js'

const tenant = openTenant('sandbox-artifacts', 'ci')
const limits = { wallMs: 20_000, cpuMs: 20_000, memoryBytes: 268_435_456, diskBytes: 134_217_728 }

const run = (
  script: string,
  artifacts: NonNullable<JobSpec['artifacts']>,
  more: Partial<JobSpec> = {},
) =>
  tenant.run({
    ...{ image: 'default', limits, command: ['/usr/bin/python3', '-c', script], artifacts },
    ...more,
  })

const prelude =
  'import os, sys\nput = lambda p, b: (os.makedirs(os.path.dirname(p) or ".", exist_ok=True), open(p, "wb").write(b))\n'
const artifactsOf = (job: Job): Artifacts => {
  if (job.artifacts === undefined) throw new Error(accountOf(job))
  return job.artifacts
}
const reasons = (job: Job): Record<string, string> =>
  Object.fromEntries(artifactsOf(job).leftOut.map(({ path, reason }) => [path, reason]))
const paths = (job: Job): string[] => artifactsOf(job).files.map(({ path }) => path)

async function fetchBytes(of: Tenant, path: string, range?: string): Promise<[number, Buffer]> {
  const response = await fetch(`http://${address}${path}`, {
    headers: { authorization: `Bearer ${of.key}`, ...(range === undefined ? {} : { range }) },
  })
  return [response.status, Buffer.from(await response.arrayBuffer())]
}

const made = `${prelude}
put("dist/app", bytes(range(256)) * 4096)
put("dist/sub/readme é.txt", b"hello\\n")
put("dist/sub/app.map", b"map")
put("dist/empty", b"")
put("log.txt", b"log")
os.chmod("dist/app", 0o755)
print("done")
`
const wanted = [
  { path: 'dist' },
  { path: '!**/*.map' },
  { path: '*.txt', when: 'success' as const },
]

t.test('files are kept, listed with digests, and fetched one by one', async (t) => {
  const job = await run(made, wanted)
  t.same(paths(job), ['dist/app', 'dist/empty', 'dist/sub/readme é.txt', 'log.txt'], accountOf(job))
  const app = Buffer.concat(
    Array(4096).fill(Buffer.from(Array.from({ length: 256 }, (_, at) => at))),
  )
  t.match(artifactsOf(job).files[0], {
    bytes: app.length,
    mode: 0o755,
    digest: createHash('sha256').update(app).digest('hex'),
  })
  t.match(artifactsOf(job), { leftOut: [], notListed: 0, complete: true })
  const base = `/v1/jobs/${job.id}/artifacts`
  t.same((await tenant.request('GET', base)).json, artifactsOf(job))
  const [status, bytes] = await fetchBytes(tenant, `${base}/dist/app`)
  t.equal(status, 200)
  t.ok(bytes.equals(app))
  const [partial, middle] = await fetchBytes(tenant, `${base}/dist/app`, 'bytes=254-258')
  t.equal(partial, 206)
  t.same([...middle], [254, 255, 0, 1, 2])
  const name = encodeURIComponent('readme é.txt')
  t.equal((await fetchBytes(tenant, `${base}/dist/sub/${name}`))[1].toString(), 'hello\n')
  t.equal((await fetchBytes(tenant, `${base}/dist/empty`))[1].length, 0)
  for (const path of ['dist/none', 'dist', '..%2f..%2fetc%2fpasswd', ''])
    t.equal((await fetchBytes(tenant, `${base}/${path}`))[0], 404, path)
  const other = openTenant('sandbox-artifacts-other', 'ci')
  for (const path of [base, `${base}.tar`, `${base}.zip`, `${base}/log.txt`])
    t.equal((await fetchBytes(other, path))[0], 404, `a stranger has no ${path}`)
})

t.test('all of them as tar and as zip, which others unpack', async (t) => {
  const job = await run(made, wanted)
  const folder = mkdtempSync(join(tmpdir(), 'stockade-artifacts-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const unpack = `import sys, tarfile, zipfile
a, kind = sys.argv[1:]
if kind == "tar":
    for m in tarfile.open(a).getmembers(): print(m.name, m.size, oct(m.mode), m.isreg())
else:
    z = zipfile.ZipFile(a)
    assert z.testzip() is None
    for m in z.infolist(): print(m.filename, m.file_size, oct(m.external_attr >> 16 & 0o777), not m.is_dir())
`
  for (const kind of ['tar', 'zip']) {
    const [status, bytes] = await fetchBytes(tenant, `/v1/jobs/${job.id}/artifacts.${kind}`)
    t.equal(status, 200)
    const archive = join(folder, `all.${kind}`)
    writeFileSync(archive, bytes)
    const { stdout, stderr } = spawnSync('python3', ['-c', unpack, archive, kind], {
      encoding: 'utf8',
      env: { ...process.env, PYTHONIOENCODING: 'utf8' },
    })
    t.equal(
      stdout,
      'dist/app 1048576 0o755 True\ndist/empty 0 0o644 True\ndist/sub/readme é.txt 6 0o644 True\nlog.txt 3 0o644 True\n',
      stderr,
    )
    t.ok(readFileSync(archive).includes(Buffer.from('hello\n')), 'nothing is compressed')
  }
})

t.test('a job that failed has those that are always kept', async (t) => {
  const job = await run(`${made}sys.exit(3)`, wanted)
  t.equal(job.exitCode, 3)
  t.same(paths(job), ['dist/app', 'dist/empty', 'dist/sub/readme é.txt'])
  const ended = await run(`${made}sys.stdout.flush()\nimport time\ntime.sleep(60)`, wanted, {
    limits: { ...limits, wallMs: 1000 },
  })
  t.equal(ended.outcome, 'wall-time-limit')
  t.equal(paths(ended).length, 3)
  const none = await run('import sys; sys.exit(1)', [{ path: 'x', when: 'success' }])
  t.equal(none.artifacts, undefined)
})

t.test('what is no file is left out by name, and nobody waits for it', async (t) => {
  const job = await run(
    `${prelude}
import socket
put("d/file", b"x")
os.symlink("/etc/passwd", "d/link")
os.symlink("/", "d/root")
os.symlink("file", "d/near")
os.link("d/file", "d/hard")
os.mkfifo("d/pipe")
socket.socket(socket.AF_UNIX).bind("d/socket")
put("d/unreadable", b"x"); os.chmod("d/unreadable", 0)
with open("d/sparse", "wb") as f: f.truncate(1 << 26)
put("d/line\\nfeed", b"x")
put("d/back\\\\slash", b"x")
put("d/bell\\x07", b"x")
with open(b"d/\\xff\\xfe", "wb") as f: f.write(b"x")
os.chdir("d")
for i in range(8):
    os.mkdir("n" * 250); os.chdir("n" * 250)
put("deep", b"x")
`,
    [{ path: 'd' }],
    { limits: { ...limits, fileBytes: 67_108_864 } },
  )
  t.same(paths(job), ['d/file', 'd/hard', 'd/sparse'], accountOf(job))
  t.match(reasons(job), {
    'd/link': 'not-regular',
    'd/root': 'not-regular',
    'd/near': 'not-regular',
    'd/pipe': 'not-regular',
    'd/socket': 'not-regular',
    'd/unreadable': 'unreadable',
    'd/line\nfeed': 'unsafe-name',
    'd/back\\slash': 'unsafe-name',
    'd/bell\u0007': 'unsafe-name',
  })
  const long = artifactsOf(job).leftOut.filter(({ reason }) => reason === 'name-too-long')
  t.equal(long.length, 1)
  t.ok((long[0]?.path.length ?? 999) <= 256, 'of a name of 2 KiB no more is told')
})

t.test('the workspace itself put elsewhere gives nothing', async (t) => {
  const job = await run(
    'import os\nos.chdir("/")\nos.rmdir("/work")\nos.symlink("/etc", "/work")',
    [{ path: '**' }],
    { user: { uid: 0, gid: 0 } },
  )
  t.equal(job.outcome, 'ok', accountOf(job))
  t.same(paths(job), [])
  t.same(reasons(job), { '': 'not-regular' })
})

t.test('bounds: many small files, and more bytes than there may be', async (t) => {
  const many = await run(
    `${prelude}\nos.mkdir("m")\nfor i in range(10000): open(f"m/{i:05}", "w").write("x")`,
    [{ path: 'm' }],
  )
  t.equal(paths(many).length, 1000, accountOf(many))
  t.equal(artifactsOf(many).notListed + artifactsOf(many).leftOut.length, 9000)
  t.equal(reasons(many)['m/01000'], 'too-many')
  const { json } = await tenant.request('POST', '/v1/jobs', {
    ...{ image: 'default', command: ['true'], artifacts: [{ path: '../x' }, { path: '/etc' }] },
  })
  t.match(json, {
    code: 'policy-denied',
    violations: [{ pointer: '/artifacts/0/path' }, { pointer: '/artifacts/1/path' }],
  })
  const untrusted = openTenant('sandbox-artifacts-untrusted')
  const denied = await untrusted.request('POST', '/v1/jobs', {
    ...{ image: 'default', command: ['true'], artifacts: [{ path: 'x' }] },
  })
  t.match(denied.json, { violations: [{ rule: 'artifact-grant' }] })
})

t.test('a cancelled job has none; one without a match has an empty list', async (t) => {
  const { id } = await tenant.submit({
    ...{ image: 'default', limits, command: ['sh', '-c', 'echo x > x; echo here; sleep 1000'] },
    artifacts: [{ path: 'x' }],
  })
  for await (const { name } of tenant.events(id)) if (name === 'stdout') break
  await tenant.request('DELETE', `/v1/jobs/${id}`)
  const job = await tenant.finished(id)
  t.match(job, { outcome: 'cancelled' })
  t.equal((await tenant.request('GET', `/v1/jobs/${id}/artifacts`)).status, 404)
  const empty = await run('', [{ path: 'none/**' }])
  t.same(empty.artifacts, { files: [], pack: null, leftOut: [], notListed: 0, complete: true })
  const [status, bytes] = await fetchBytes(tenant, `/v1/jobs/${empty.id}/artifacts.tar`)
  t.same([status, bytes.every((byte) => byte === 0)], [200, true], 'an archive of nothing')
})
