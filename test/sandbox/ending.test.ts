// How a program ends is told as it was: exit codes, signals, its own doing told apart from ours.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Outcome } from '../../contract/outcome.js'
import { accountOf, openTenant } from '../stack.js'

const tenant = openTenant('sandbox-ending')

type Row = {
  readonly name: string
  readonly spec: JobSpec
  readonly outcome: Outcome
  readonly exitCode?: number | null
  readonly signal?: string | null
  readonly stdout?: string
}

const bash = (source: string): JobSpec => ({ language: 'bash', source })
const c = (source: string): JobSpec => ({ language: 'c', source })
const exits = (code: number): Row => ({
  name: `exits with ${code}`,
  spec: bash(`exit ${code}`),
  outcome: code === 0 ? 'ok' : 'exit-nonzero',
  exitCode: code,
  signal: null,
})
const killsItself = (signal: string, outcome: Outcome = 'signalled'): Row => ({
  name: `ends itself by ${signal}`,
  spec: {
    language: 'python',
    source: `import os, signal\nos.kill(os.getpid(), signal.${signal})\nimport time\ntime.sleep(5)`,
  },
  outcome,
  exitCode: null,
  signal,
})

const includes =
  '#define _GNU_SOURCE\n#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/wait.h>\n#include <unistd.h>\n'

const rows: readonly Row[] = [
  ...[0, 1, 2, 42, 125, 126, 127, 128, 137, 139, 255].map(exits),
  ...['SIGHUP', 'SIGINT', 'SIGABRT', 'SIGSEGV', 'SIGFPE', 'SIGKILL', 'SIGTERM', 'SIGUSR1'].map(
    (signal) => killsItself(signal),
  ),
  // Raised by the program itself: none of our limits was reached, so it is a signal like any other.
  killsItself('SIGXCPU'),
  // Nor was this: there is no large file. (Not in Python, which ignores it.)
  {
    name: 'ends itself by SIGXFSZ',
    spec: bash('kill -XFSZ $$; sleep 5'),
    outcome: 'signalled',
    exitCode: null,
    signal: 'SIGXFSZ',
  },
  {
    name: 'writes past the largest file and is ended by the kernel',
    spec: {
      ...c(
        '#include <fcntl.h>\n#include <unistd.h>\nint main(void) { static char bytes[65536]; int file = open("big", O_WRONLY | O_CREAT, 0600); while (write(file, bytes, sizeof bytes) > 0); return 0; }',
      ),
      limits: { fileBytes: 1_048_576 },
    },
    outcome: 'disk-limit',
    exitCode: null,
    signal: 'SIGXFSZ',
  },
  {
    name: 'a wild pointer',
    spec: c('int main(void) { volatile int *p = (int *)8; return *p; }'),
    outcome: 'signalled',
    exitCode: null,
    signal: 'SIGSEGV',
  },
  {
    name: 'a division by zero',
    spec: c('int main(int n, char **v) { (void)v; return 7 / (n - 1); }'),
    outcome: 'signalled',
    exitCode: null,
    signal: 'SIGFPE',
  },
  {
    name: 'an exception in Python',
    spec: { language: 'python', source: 'raise ValueError("no")' },
    outcome: 'exit-nonzero',
    exitCode: 1,
    signal: null,
  },
  {
    name: 'a child is killed for memory while its parent exits with 0',
    spec: {
      ...c(
        `${includes}int main(void) { pid_t child = fork(); if (child == 0) for (;;) { char *p = malloc(1 << 20); memset(p, 1, 1 << 20); } int s; waitpid(child, &s, 0); return 0; }`,
      ),
      limits: { memoryBytes: 33_554_432 },
    },
    outcome: 'memory-limit',
  },
  {
    name: 'ignores SIGTERM and sleeps',
    spec: { ...bash('trap "" TERM INT HUP; sleep 60'), limits: { wallMs: 400 } },
    outcome: 'wall-time-limit',
    exitCode: null,
  },
  {
    name: 'stops itself',
    spec: { ...bash('kill -STOP $$; echo never'), limits: { wallMs: 400 } },
    outcome: 'wall-time-limit',
    exitCode: null,
    stdout: '',
  },
  {
    name: 'a daemon forked twice, in a session of its own, does not hold the job up',
    spec: c(
      `${includes}int main(void) { if (fork() == 0) { setsid(); if (fork() == 0) { sleep(60); } _exit(0); } wait(NULL); puts("left"); return 3; }`,
    ),
    outcome: 'exit-nonzero',
    exitCode: 3,
    stdout: 'left\n',
  },
  {
    name: 'closes all its streams and goes on',
    spec: c(
      `${includes}int main(void) { puts("bye"); fflush(stdout); close(0); close(1); close(2); usleep(100000); return 9; }`,
    ),
    outcome: 'exit-nonzero',
    exitCode: 9,
    stdout: 'bye\n',
  },
  {
    name: 'a program that is not there',
    spec: { image: 'default', command: ['/nonexistent'] },
    outcome: 'exit-nonzero',
    exitCode: null,
  },
  {
    name: 'a program that may not be executed',
    spec: { image: 'default', command: ['/etc/passwd'] },
    outcome: 'exit-nonzero',
    exitCode: null,
  },
  {
    name: 'a fault in the source',
    spec: c('int main(void) { return x; }'),
    outcome: 'compile-error',
  },
  {
    name: 'a fault in the source of C++',
    spec: { language: 'cpp', source: 'int main() { return undeclared; }' },
    outcome: 'compile-error',
  },
]

for (const row of rows) {
  t.test(row.name, async (t) => {
    const job = await tenant.run(row.spec)
    const account = accountOf(job)
    t.equal(job.outcome, row.outcome, account)
    if (row.exitCode !== undefined) t.equal(job.exitCode, row.exitCode, `exit code; ${account}`)
    if (row.signal !== undefined) t.equal(job.signal, row.signal, `signal; ${account}`)
    if (row.stdout !== undefined) t.equal(job.stdout, row.stdout, 'standard output')
    if (job.outcome !== 'ok') t.ok((job.cause?.message ?? '').length > 0, 'there is a cause')
    t.equal(job.attempts, 1, 'the program’s fault is never tried again')
  })
}

t.test('a failed compilation names its step and shows the compiler’s words', async (t) => {
  const job = await tenant.run(c('int main(void) { return x; }'))
  t.equal(job.failedStep, 'compile')
  t.same(
    job.steps.map((step) => step.name),
    ['compile'],
    'the program was not run',
  )
  t.match(`${job.stderr}${job.steps[0]?.stderr}`, /undeclared/)
})

t.test('a signal that is a limit of ours says which', async (t) => {
  const job = await tenant.run({ ...bash('while :; do :; done'), limits: { cpuMs: 200 } })
  t.equal(job.outcome, 'cpu-time-limit', accountOf(job))
  t.equal(job.cause?.limit, 'cpuMs')
  t.equal(job.cause?.limitValue, 200)
  t.ok((job.cause?.reached ?? 0) >= 200, 'what was reached is not below the limit')
})

t.test('cancelled while it runs', async (t) => {
  const { id } = await tenant.submit({
    ...bash('echo begun; sleep 60'),
    limits: { wallMs: 50_000 },
  })
  for await (const event of tenant.events(id)) if (event.name === 'stdout') break
  const answer = await tenant.request('DELETE', `/v1/jobs/${id}`)
  t.ok([200, 202].includes(answer.status), `${answer.status}`)
  const job = await tenant.finished(id)
  t.equal(job.outcome, 'cancelled', accountOf(job))
  t.equal(job.stdout, 'begun\n', 'what it had written is kept')
})
