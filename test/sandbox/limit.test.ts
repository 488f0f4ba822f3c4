// Limits: the seven programs of the first page, and those that try to be mistaken for another ending.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Outcome } from '../../contract/outcome.js'
import { accountOf, asRoot, openTenant } from '../stack.js'

const tenant = openTenant('sandbox-limit')
const mebibyte = 1_048_576
const python = (source: string, more: Partial<JobSpec> = {}): JobSpec => ({
  language: 'python',
  source,
  ...more,
})
const bash = (source: string, more: Partial<JobSpec> = {}): JobSpec => ({
  language: 'bash',
  source,
  ...more,
})
const c = (source: string, more: Partial<JobSpec> = {}): JobSpec => ({
  language: 'c',
  source,
  ...more,
})

/** 90 ms of processor time, as fast as two processors give it. */
const twoThreads = `#include <pthread.h>
#include <time.h>
static void *spin(void *none) {
  struct timespec now;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); while (now.tv_sec == 0 && now.tv_nsec < 90000000);
  return none;
}
int main(void) {
  pthread_t other;
  if (pthread_create(&other, 0, spin, 0) != 0) return 1;
  spin(0);
  return pthread_join(other, 0);
}`

type Row = {
  readonly name: string
  readonly spec: JobSpec
  readonly outcome: Outcome
  readonly limit?: string
}

const rows: readonly Row[] = [
  { name: 'prints', spec: python('print(6 * 7)'), outcome: 'ok' },
  {
    name: 'loops for ever',
    spec: python('while True: pass', { limits: { cpuMs: 300 } }),
    outcome: 'cpu-time-limit',
    limit: 'cpuMs',
  },
  {
    name: 'loops for ever in four processes',
    spec: python('import os\nos.fork(); os.fork()\nwhile True: pass', { limits: { cpuMs: 600 } }),
    outcome: 'cpu-time-limit',
    limit: 'cpuMs',
  },
  {
    name: 'passes its processor time in two threads, between two looks at it, and exits with 0',
    spec: c(twoThreads, { limits: { cpuMs: 50, cpus: 1 } }),
    outcome: 'cpu-time-limit',
    limit: 'cpuMs',
  },
  {
    name: 'the same within its processor time',
    spec: c(twoThreads, { limits: { cpuMs: 1000, cpus: 1 } }),
    outcome: 'ok',
  },
  {
    name: 'is refused a process once, bears it, and then loops for ever',
    spec: python(
      'import os, signal\nchildren = []\ntry:\n  while True:\n    child = os.fork()\n    if child == 0: signal.pause()\n    children.append(child)\nexcept BlockingIOError: pass\nfor child in children: os.kill(child, 9); os.waitpid(child, 0)\nwhile True: pass',
      { limits: { cpuMs: 1500, wallMs: 60_000 } },
    ),
    outcome: 'cpu-time-limit',
    limit: 'cpuMs',
  },
  {
    name: 'sleeps',
    spec: bash('sleep 60', { limits: { wallMs: 300 } }),
    outcome: 'wall-time-limit',
    limit: 'wallMs',
  },
  {
    name: 'waits for input that is at its end',
    spec: bash('read x; exit 3'),
    outcome: 'exit-nonzero',
  },
  {
    name: 'allocates 1 GiB',
    spec: python('x = bytearray(1 << 30)\nfor i in range(0, len(x), 4096): x[i] = 1'),
    outcome: 'memory-limit',
    limit: 'memoryBytes',
  },
  {
    name: 'allocates in many processes',
    spec: python(
      'import os\nfor n in range(8):\n  if os.fork() == 0: break\nx = bytearray(20 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(30)',
      { limits: { memoryBytes: 96 * mebibyte } },
    ),
    outcome: 'memory-limit',
    limit: 'memoryBytes',
  },
  {
    name: 'forks for ever',
    spec: python('import os\nwhile True: os.fork()', { limits: { wallMs: 4000, cpuMs: 4000 } }),
    outcome: 'process-limit',
    limit: 'processes',
  },
  {
    name: 'forks for ever in a shell',
    spec: bash(':() { :|:& }; :; wait; sleep 20', { limits: { wallMs: 4000, cpuMs: 4000 } }),
    outcome: 'process-limit',
    limit: 'processes',
  },
  {
    name: 'makes threads for ever',
    spec: python(
      'import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(30,)).start()',
      { limits: { wallMs: 8000 } },
    ),
    outcome: 'process-limit',
    limit: 'processes',
  },
  {
    name: 'writes for ever to standard output',
    spec: bash('yes', { limits: { outputBytes: 1000 } }),
    outcome: 'output-limit',
    limit: 'outputBytes',
  },
  {
    name: 'writes for ever to standard error',
    spec: bash('yes >&2', { limits: { outputBytes: 1000 } }),
    outcome: 'output-limit',
    limit: 'outputBytes',
  },
  { name: 'writes for ever to one file', spec: bash('cat /dev/zero > big'), outcome: 'disk-limit' },
  {
    name: 'writes for ever to many files',
    spec: bash('for n in $(seq 1000); do head -c 1000000 /dev/zero > f$n || exit 1; done', {
      limits: { diskBytes: 16 * mebibyte },
    }),
    outcome: 'disk-limit',
  },
  {
    name: 'makes files for ever',
    spec: bash('for n in $(seq 20000); do : > f$n || exit 1; done'),
    outcome: 'disk-limit',
  },
  {
    name: 'fills /tmp',
    spec: bash('head -c 500000000 /dev/zero > /tmp/big'),
    outcome: 'disk-limit',
  },
  {
    name: 'fills /dev/shm',
    spec: bash('head -c 500000000 /dev/zero > /dev/shm/big', {
      limits: { diskBytes: 16 * mebibyte },
    }),
    outcome: 'disk-limit',
    limit: 'diskBytes',
  },
  {
    name: 'fills files and /dev/shm together',
    spec: bash('head -c 10M /dev/zero > half && head -c 10M /dev/zero > /dev/shm/half', {
      limits: { diskBytes: 16 * mebibyte },
    }),
    outcome: 'disk-limit',
    limit: 'diskBytes',
  },
  {
    name: 'has files and shared memory within the limit',
    spec: bash('head -c 10M /dev/zero > half && head -c 4M /dev/zero > /dev/shm/rest', {
      limits: { diskBytes: 16 * mebibyte },
    }),
    outcome: 'ok',
  },
  {
    name: 'catches SIGXFSZ and goes on',
    spec: bash('trap "" XFSZ; head -c 100000000 /dev/zero > big; exit 0', {
      limits: { diskBytes: 128 * mebibyte, memoryBytes: 512 * mebibyte },
    }),
    outcome: 'ok',
  },
  {
    name: 'a compiler that is made to read for ever',
    spec: c('#include </dev/zero>\nint main(void) { return 0; }'),
    outcome: 'compile-error',
  },
  {
    name: 'a compiler that is made to write a giant',
    spec: c('int main[1 << 29] = {1};\nint more[1 << 29] = {2};'),
    outcome: 'compile-error',
  },
]

/** A bomb for the compiler ends by whichever of the compile step's limits it meets first. */
const ofCompiler = [
  'compile-error',
  'memory-limit',
  'cpu-time-limit',
  'wall-time-limit',
  'disk-limit',
  'output-limit',
]

for (const { name, spec, outcome, limit } of rows) {
  t.test(name, async (t) => {
    const job = await tenant.run(spec)
    if (outcome === 'compile-error') {
      t.ok(ofCompiler.includes(job.outcome ?? ''), accountOf(job))
      t.equal(job.failedStep, 'compile')
    } else t.equal(job.outcome, outcome, accountOf(job))
    if (limit !== undefined) {
      t.equal(job.cause?.limit, limit, 'the cause names the limit')
      t.ok(
        (job.cause?.reached ?? -1) >= (job.cause?.limitValue ?? Number.POSITIVE_INFINITY) * 0.98,
        `what was reached: ${job.cause?.reached} of ${job.cause?.limitValue}`,
      )
    }
  })
}

t.test('the host’s /etc/shadow is not the one inside', async (t) => {
  const mark = asRoot(['sh', '-c', 'sha256sum < /etc/shadow | cut -c 1-64']).trim()
  for (const uid of [1000, 0]) {
    const job = await tenant.run(
      bash(
        'cat /etc/shadow | sha256sum | cut -c 1-64; ls /root /home /var/lib/stockade* /run/stockade* /opt',
        { user: { uid, gid: uid } },
      ),
    )
    t.notMatch(job.stdout, mark, `uid ${uid}`)
    t.notMatch(job.stdout, /stockade/, `uid ${uid}: nothing of the service is there`)
  }
})

t.test('a mount of / is denied with a reason', async (t) => {
  const answer = await tenant.request('POST', '/v1/jobs', {
    ...bash('ls /host'),
    mounts: [{ type: 'bind', source: '/', target: '/host' }],
  })
  t.equal(answer.status, 403)
  const { code, violations } = answer.json as {
    code: string
    violations: { rule: string; pointer: string }[]
  }
  t.equal(code, 'policy-denied')
  t.ok(
    violations.some((one) => one.rule === 'host-path' && one.pointer === '/mounts/0/source'),
    answer.text,
  )
})

t.test('limits are read back from the kernel as they were asked', async (t) => {
  const limits = { memoryBytes: 67 * mebibyte, processes: 17, cpus: 0.5 }
  const job = await tenant.run(bash('true', { limits }))
  t.equal(job.isolation?.limits.memoryBytes, limits.memoryBytes, accountOf(job))
  t.equal(job.isolation?.limits.processes, limits.processes)
  t.equal(
    (job.isolation?.limits.cpuQuotaUs ?? 0) / (job.isolation?.limits.cpuPeriodUs ?? 1),
    limits.cpus,
  )
})

t.test('a program that passes its processor time and ends before anybody looks', async (t) => {
  // A share of a tenth is 10 ms at a stretch; at that share 5 ms last 50, so that is when it is looked at.
  const spin = (milliseconds: number): JobSpec =>
    c(
      `#include <time.h>
int main(void) {
  struct timespec now;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); while (now.tv_nsec < ${milliseconds}000000);
  return 0;
}`,
      { limits: { cpuMs: 5, cpus: 0.1 } },
    )
  // On a machine that is busy it may be looked at in time after all, and be killed: the outcome is the same.
  let endedByItself = 0
  for (let run = 0; run < 20 && endedByItself === 0; run++) {
    const job = await tenant.run(spin(6))
    t.equal(job.outcome, 'cpu-time-limit', accountOf(job))
    t.ok((job.cause?.reached ?? 0) >= 5, 'what was reached is not below the limit')
    if (job.exitCode === 0) endedByItself++
  }
  t.equal(endedByItself, 1, 'one ended by itself, with 0')
  const within = await tenant.run(spin(1))
  t.equal(within.outcome, 'ok', `control: within it; ${accountOf(within)}`)
})

t.test('a share of a processor holds a loop back, and says so', async (t) => {
  // Less than what is left to one of many on a busy machine: it is the limit that holds it back, and nobody else.
  const job = await tenant.run(
    python('import time\nend = time.process_time() + 0.1\nwhile time.process_time() < end: pass', {
      limits: { cpus: 0.05 },
    }),
  )
  t.equal(job.outcome, 'ok', accountOf(job))
  t.ok((job.usage?.wallMs ?? 0) > 2 * (job.usage?.cpuMs ?? 0), JSON.stringify(job.usage))
  t.ok((job.usage?.throttledMs ?? 0) > 0, 'throttled time is told')
})
