// A refused system call is told by its name and kind, whether the program goes on or ends, and costs others nothing.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job, RefusedCall } from '../../contract/result.js'
import { accountOf, openTenant, outputOf } from '../stack.js'
import { openOperator } from './operator.js'

const includes =
  '#define _GNU_SOURCE\n#include <errno.h>\n#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <sys/socket.h>\n#include <sys/syscall.h>\n#include <sys/time.h>\n#include <sys/wait.h>\n#include <unistd.h>\n#include <linux/filter.h>\n#include <linux/seccomp.h>\n'
const c = (main: string, more: Partial<JobSpec> = {}): JobSpec => ({
  language: 'c',
  source: `${includes}static void tick(int s) { (void)s; }\nint main(int n, char **v) { (void)n; (void)v; ${main} }`,
  ...more,
})
const refusedOf = (job: Job): readonly RefusedCall[] => job.steps.at(-1)?.refusedCalls?.calls ?? []

const operator = openOperator('refused')
t.teardown(() => operator.close())
operator.profile('deadly', {
  extends: 'default',
  remove: ['ptrace', 'seccomp', 'keyctl'],
  syscalls: [
    { names: ['ptrace'], action: 'SCMP_ACT_KILL_PROCESS' },
    { names: ['keyctl'], action: 'SCMP_ACT_ALLOW' },
    { names: ['seccomp'], action: 'SCMP_ACT_ALLOW' },
  ],
})
operator.profile('trapping', {
  extends: 'default',
  remove: ['ptrace'],
  syscalls: [{ names: ['ptrace'], action: 'SCMP_ACT_TRAP' }],
})
operator.grant({ seccompProfiles: ['deadly', 'trapping', 'build'] })

const tenant = openTenant('refused-calls')

t.test('what the filter refused is told while the program goes on', async (t) => {
  const job = await tenant.run(
    c(
      'int one = socket(38, SOCK_SEQPACKET, 0), two = syscall(SYS_io_uring_setup, 1, 0), three = 0;' +
        'for (int i = 0; i < 3; i++) three = syscall(SYS_ptrace, 0, 0, 0, 0);' +
        'printf("%d %d %d\\n", one, two, three); return 0;',
    ),
  )
  t.equal(job.outcome, 'ok', accountOf(job))
  t.equal(outputOf(job).toString(), '-1 -1 -1\n')
  t.match(refusedOf(job), [
    { syscall: 'socket', argumentClass: 'socket family 38', answer: 'EAFNOSUPPORT', count: 1 },
    { syscall: 'io_uring_setup', answer: 'ENOSYS', count: 1 },
    { syscall: 'ptrace', answer: 'EPERM', count: 3 },
  ])
  t.equal(job.steps[0]?.refusedCalls, undefined, 'nothing is told of the compiler')
})

t.test('control: a program that makes no refused call is told of none', async (t) => {
  const job = await tenant.run(c('return socket(AF_UNIX, SOCK_STREAM, 0) < 0;'))
  t.equal(job.outcome, 'ok', accountOf(job))
  t.equal(job.steps.at(-1)?.refusedCalls, undefined)
})

t.test('the list has an end, and says what it left out', async (t) => {
  const job = await tenant.run(
    c('for (int f = 100; f < 140; f++) socket(f, SOCK_STREAM, 0); return 0;'),
  )
  const refused = job.steps.at(-1)?.refusedCalls
  t.equal(refused?.calls.length, 16)
  t.equal(refused?.calls[0]?.argumentClass, 'socket family 100')
  t.equal(refused?.notListed, 24)
})

t.test('a program that makes refused calls without end reaches its own limit', async (t) => {
  const job = await tenant.run(
    c('for (;;) syscall(SYS_ptrace, 0, 0, 0, 0);', { limits: { wallMs: 2000 } }),
  )
  t.match(job, { outcome: 'wall-time-limit', cause: { limit: 'wallMs', limitValue: 2000 } })
  t.ok((job.cause?.atMs ?? 0) >= 2000, `at ${job.cause?.atMs} ms`)
  t.match(refusedOf(job), [{ syscall: 'ptrace', answer: 'EPERM' }])
})

t.test('signals do not change the answer', async (t) => {
  const job = await tenant.run(
    c(
      'struct itimerval every = {{0, 500}, {0, 500}}; signal(SIGALRM, tick); setitimer(ITIMER_REAL, &every, NULL);' +
        'int other = 0; for (int i = 0; i < 400; i++) if (syscall(SYS_ptrace, 0, 0, 0, 0) != -1 || errno != EPERM) other++;' +
        'printf("%d\\n", other); return 0;',
    ),
  )
  t.equal(outputOf(job).toString(), '0\n', accountOf(job))
})

t.test('a call that a profile ends programs for is named in the cause', async (t) => {
  const job = await (await operator.tenant('deadly')).run(
    c('puts("before"); fflush(stdout); syscall(SYS_ptrace, 0, 0, 0, 0); puts("after"); return 0;'),
  )
  t.match(job, { outcome: 'syscall-denied', cause: { syscall: 'ptrace', signal: 'SIGKILL' } })
  t.equal(outputOf(job).toString(), 'before\n', accountOf(job))
  t.type(job.cause?.atMs, 'number')
  t.match(refusedOf(job), [{ syscall: 'ptrace', answer: 'killed', count: 1 }])
})

t.test('a child that is ended so does not end its parent', async (t) => {
  const job = await (await operator.tenant('deadly')).run(
    c(
      'pid_t child = fork(); if (child == 0) { syscall(SYS_ptrace, 0, 0, 0, 0); _exit(7); }' +
        'int status; waitpid(child, &status, 0); printf("%d\\n", WIFSIGNALED(status) ? WTERMSIG(status) : -1); return 0;',
    ),
  )
  t.equal(job.outcome, 'ok', accountOf(job))
  t.equal(outputOf(job).toString(), '9\n')
  t.match(refusedOf(job), [{ syscall: 'ptrace', answer: 'killed' }])
})

t.test('no profile gives a listener, nor what the launcher itself refuses', async (t) => {
  const filter =
    'struct sock_filter code[] = {{6, 0, 0, SECCOMP_RET_USER_NOTIF}}; struct sock_fprog program = {1, code};'
  const job = await (await operator.tenant('deadly')).run(
    c(
      `${filter} int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program); int first = errno;` +
        'int key = syscall(SYS_keyctl, 0, -3, 0, 0, 0); printf("%d %d %d %d\\n", listener, first, key, errno); return 0;',
    ),
  )
  t.equal(outputOf(job).toString(), '-1 1 -1 38\n', accountOf(job))
})

t.test('a call that is none has a name as well', async (t) => {
  const job = await tenant.run(c('return syscall(-1) == -1 && errno == ENOSYS ? 0 : 1;'))
  t.equal(job.outcome, 'ok', accountOf(job))
  t.match(refusedOf(job), [{ syscall: 'syscall -1', answer: 'ENOSYS', count: 1 }])
})

const throughI386 =
  'long result = 20; __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11"); return result > 0 ? 0 : 1;'

t.test('a call by another door is told by its number there', async (t) => {
  const source = `int main(void) { ${throughI386} }`
  const path = join(t.testdir(), 'door')
  const made = spawnSync('gcc', ['-x', 'c', '-o', path, '-'], { input: source })
  if (made.status !== 0 || spawnSync(path).status !== 0)
    return t.pass('none', {
      skip: 'not testable on this host: int 0x80 makes no call even without a sandbox',
    })
  const job = await tenant.run(c(throughI386))
  t.match(job, { outcome: 'syscall-denied', cause: { syscall: '20 of i386', signal: 'SIGKILL' } })
  t.match(refusedOf(job), [{ syscall: '20 of i386', answer: 'killed', count: 1 }], accountOf(job))
})

t.test('SIGSYS that a program sends to itself is no refusal', async (t) => {
  const own = c('raise(SIGSYS); return 0;')
  const job = await tenant.run(own)
  t.match(job, { outcome: 'signalled', cause: { signal: 'SIGSYS' } }, accountOf(job))
})

t.test('under a profile that answers by SIGSYS nobody knows who sent it', async (t) => {
  const trapped = await operator.tenant('trapping')
  const trapping = (main: string): JobSpec => c(main, { seccomp: 'trapping' })
  const denied = {
    outcome: 'syscall-denied',
    cause: { message: /or it sent itself/, signal: 'SIGSYS' },
  }
  t.match(await trapped.run(trapping('syscall(SYS_ptrace, 0, 0, 0, 0); return 0;')), denied)
  t.match(await trapped.run(trapping('raise(SIGSYS); return 0;')), denied)
  const caught = await trapped.run(
    trapping('signal(SIGSYS, tick); syscall(SYS_ptrace, 0, 0, 0, 0); return 0;'),
  )
  t.equal(caught.outcome, 'ok', accountOf(caught))
})
