// Learning and auditing profiles on real jobs: what is proposed is enough for the same program and too little for another, and neither
// way lets through what the grant's own profile refuses.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job, SeccompLearned } from '../../contract/result.js'
import { accountOf, address, instance, openTenant, outputOf } from '../stack.js'
import { read, repository } from '../tidy-source.js'
import { openOperator } from './operator.js'

const hello: JobSpec = { language: 'python', source: 'print("hello")' }
const python = (source: string): JobSpec => ({ language: 'python', source })
/** Makes a call by its number and prints what came of it. */
const callBy = (number: number): string =>
  `import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.syscall(${number}, 0, 0, 0, 0), errno.errorcode.get(ctypes.get_errno()))`
const ptrace = process.arch === 'x64' ? 101 : 117
const keyctl = process.arch === 'x64' ? 250 : 219

const operator = openOperator('learning')
t.teardown(() => operator.close())
operator.profile('wide', {
  extends: 'default',
  remove: ['keyctl'],
  syscalls: [{ names: ['keyctl'], action: 'SCMP_ACT_ALLOW' }],
})
operator.grant({ seccompProfiles: ['default', 'strict', 'wide'] })
const wide = openOperator('learning-wide')
t.teardown(() => wide.close())
wide.grant({ seccompProfiles: ['wide'] })
const learner = openOperator('learning-after')
t.teardown(() => learner.close())

function learnedOf(job: Job): SeccompLearned {
  const learned = job.steps.at(-1)?.seccompLearned
  if (learned === undefined) throw new Error(`nothing was learned: ${accountOf(job)}`)
  return learned
}
const namesOf = ({ profile }: SeccompLearned): Set<string> =>
  new Set((profile.syscalls ?? []).flatMap((entry) => entry.names ?? []))

t.test(
  'a profile learned from a program runs that program, and refuses another call',
  async (t) => {
    const before = await operator.tenant('wide')
    const job = await before.run({ ...hello, seccomp: 'learn' })
    t.equal(job.outcome, 'ok', accountOf(job))
    t.equal(outputOf(job).toString(), 'hello\n')
    t.match(job.isolation?.seccomp, { profile: 'default', mode: 2, filters: 3 })
    const learned = learnedOf(job)
    t.ok(learned.complete)
    t.ok(learned.used > 10 && learned.used < 100, `${learned.used} calls`)
    t.ok(namesOf(learned).has('openat') && namesOf(learned).has('mmap'))
    t.ok(learned.unused.includes('socketpair') && learned.unused.length > 150)
    learner.profile('learned', learned.profile)
    learner.grant({ seccompProfiles: ['learned', 'default'] })
    const after = await learner.tenant('learned')
    const again = await after.run({ ...hello, seccomp: 'learned' })
    t.equal(again.outcome, 'ok', accountOf(again))
    t.equal(outputOf(again).toString(), 'hello\n')
    const pair =
      'import socket\ntry: socket.socketpair(); print("made")\nexcept OSError as e: print(e.errno)'
    t.equal(outputOf(await after.run({ ...python(pair), seccomp: 'default' })).toString(), 'made\n')
    const other = await after.run({ ...python(pair), seccomp: 'learned' })
    t.not(outputOf(other).toString(), 'made\n')
    t.ok((other.steps[0]?.refusedCalls?.calls.length ?? 0) > 0, accountOf(other))
  },
)

t.test('learning is no way around a profile, nor around the launcher', async (t) => {
  const tenant = await operator.tenant('wide')
  const job = await tenant.run({ ...python(callBy(ptrace)), seccomp: 'learn' })
  t.equal(outputOf(job).toString(), '-1 EPERM\n', accountOf(job))
  t.notOk(namesOf(learnedOf(job)).has('ptrace'))
  // Asked by the profile in force itself, then under learning: the launcher's own filter refuses it both times.
  const other = await wide.tenant('wide')
  for (const seccomp of ['wide', 'learn']) {
    const refused = await other.run({ ...python(callBy(keyctl)), seccomp })
    t.equal(outputOf(refused).toString(), '-1 ENOSYS\n', accountOf(refused))
    t.match(refused.isolation?.seccomp, { profile: 'wide' })
  }
})

t.test(
  'an audit says what a stricter profile would have refused, and refuses nothing',
  async (t) => {
    const tenant = await operator.tenant('wide')
    const source =
      'import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()\nprint("made")'
    const audited = await tenant.run({ ...python(source), seccompAudit: 'strict' })
    t.equal(audited.outcome, 'ok', accountOf(audited))
    t.equal(outputOf(audited).toString(), 'made\n')
    t.match(audited.steps[0]?.seccompAudit, {
      profile: 'strict',
      refused: { calls: [{ syscall: 'socket', count: 1 }] },
    })
    t.match(audited.isolation?.seccomp, { profile: 'default' })
    const strict = await tenant.run({ ...python(source), seccomp: 'strict' })
    t.equal(strict.outcome, 'exit-nonzero', 'control: in force, it does refuse it')
    const clean = await tenant.run({ ...hello, seccompAudit: 'strict' })
    t.same(clean.steps[0]?.seccompAudit?.refused, { calls: [], notListed: 0 })
  },
)

t.test('a grant that does not give it refuses learning and auditing', async (t) => {
  const tenant = openTenant('learning-untrusted')
  for (const asked of [{ seccomp: 'learn' }, { seccompAudit: 'strict' }]) {
    const answer = await tenant.request('POST', '/v1/jobs', { ...hello, ...asked })
    t.equal(answer.status, 403)
    t.match(answer.json, { violations: [{ rule: 'seccomp-learning' }] })
  }
})

t.test('the example of docs/seccomp.md', async (t) => {
  const tenant = await operator.tenant('wide')
  const keyFile = join(mkdtempSync(join(tmpdir(), 'stockade-learn-')), 'key')
  t.teardown(() => rmSync(dirname(keyFile), { recursive: true }))
  writeFileSync(keyFile, `${tenant.key}\n`, { mode: 0o600 })
  const block = (document: string, mark: string): string =>
    new RegExp(`<!-- tested: ${mark} -->\\s*\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(
      read(document),
    )?.[1] ?? ''
  const script = `${block('README.md', 'setup')}\n${block('docs/seccomp.md', 'learn')}`
  const answer = execFileSync('bash', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, STOCKADE_ADDRESS: address, STOCKADE_KEY_FILE: keyFile },
  })
  const job = JSON.parse(answer) as Job
  t.equal(outputOf(job).toString(), '42\n')
  t.same(learnedOf(job).profile.syscalls?.[0]?.action, 'SCMP_ACT_ALLOW')
})

t.test('./stockade seccomp lists, shows and checks profiles', (t) => {
  const command = (...words: string[]) =>
    spawnSync(join(repository, 'stockade'), ['seccomp', ...words, '--instance', instance], {
      encoding: 'utf8',
    })
  const listed = command('list')
  t.equal(listed.status, 0, listed.stderr)
  for (const name of ['build', 'default', 'strict', 'wide'])
    t.match(listed.stdout, new RegExp(`^${name} +\\d+ calls +[0-9a-f]{64}$`, 'm'))
  const shown = command('show', 'wide')
  t.match(shown.stdout, /lets through +\d+ calls[\s\S]*pseudo filter code/)
  const folder = mkdtempSync(join(tmpdir(), 'stockade-check-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'mine.json')
  writeFileSync(
    file,
    JSON.stringify({
      extends: 'default',
      syscalls: [{ names: ['opne'], action: 'SCMP_ACT_ERRNO' }],
    }),
  )
  const refused = command('check', file)
  t.equal(refused.status, 1)
  t.match(refused.stderr, '/syscalls/0/names/0: no system call is called opne')
  writeFileSync(file, JSON.stringify({ extends: 'default', remove: ['fchmodat'] }))
  t.match(command('check', file), { status: 0 })
  t.end()
})
