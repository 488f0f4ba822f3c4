// Interactive problems on the running stack: two programs in two sandboxes that speak with each other, and who is to blame when they stop.
import t from 'tap'
import type { Job } from '../../contract/result.js'
import type { TestCase } from '../../contract/test-case.js'
import { accountOf, openTenant } from '../stack.js'

const tenant = openTenant('judge-interactive', 'grader')

/** Guess a number; testlib's order of arguments. It counts the questions, and writes them to its output. */
const guessing = `import sys
hidden = int(open(sys.argv[1]).read())
log = open(sys.argv[2], 'w')
for turn in range(10):
  line = sys.stdin.readline()
  if line == '':
    print('unexpected end', file=sys.stderr)
    sys.exit(2)
  guess = int(line)
  log.write(line)
  if guess == hidden:
    print('right', flush=True)
    print('found in', turn + 1, file=sys.stderr)
    sys.exit(0)
  print('less' if hidden < guess else 'more', flush=True)
print('too many questions', file=sys.stderr)
sys.exit(1)
`
const bisecting = `low, high = 1, 100
while True:
  middle = (low + high) // 2
  print(middle, flush=True)
  answer = input()
  if answer == 'right': break
  if answer == 'less': high = middle - 1
  else: low = middle + 1
`

const play = (
  source: string,
  interactor = guessing,
  tests: TestCase[] = [{ stdin: '37', limits: { wallMs: 1500 } }],
): Promise<Job> =>
  tenant.run({
    ...{ language: 'python', source, tests },
    judging: { interactor: { language: 'python', source: interactor, limits: { wallMs: 4000 } } },
  })
const first = ({ tests }: Job): unknown => tests?.[0]

t.test('a dialogue to its end', async (t) => {
  const tests = ['1', '50', '100'].map((stdin) => ({ stdin }))
  const job = await play(bisecting, guessing, tests)
  t.match(job.judging, { verdict: 'accepted', passed: 3, total: 3 }, accountOf(job))
  t.match(
    job.tests?.map(({ message }) => message),
    [/^found in \d/, /^found in 1$/, /^found in \d/],
  )
  t.match(job.stdout, /^50\n75\n/, 'what the program said is shown')
  t.ok((job.judging?.usage.cpuMs ?? 0) > 0)
})

t.test('what the interactor says of it', async (t) => {
  const counting =
    'for guess in range(1, 101):\n  print(guess, flush=True)\n  if input() == "right": break\n'
  t.match(first(await play(counting)), { verdict: 'wrong-answer', message: 'too many questions' })
  t.match(first(await play('print(1, flush=True)\ninput()')), {
    ...{ verdict: 'presentation-error', message: 'unexpected end', exitCode: 0 },
  })
})

t.test('blame', async (t) => {
  t.match(first(await play('print(1, flush=True)\nraise SystemExit(3)')), {
    ...{ verdict: 'exit-nonzero', exitCode: 3 },
  })
  const deadlock = await play('input()')
  t.match(first(deadlock), {
    ...{ verdict: 'wall-time-limit', message: /interactor was waiting for it/ },
  })
  const unflushed = await play(
    'import sys, time\nsys.stdout.write("1")\nsys.stdout.flush()\ninput()',
  )
  t.match(first(unflushed), {
    ...{ verdict: 'wall-time-limit', message: /last words were its own.*flush/ },
  })
  const ended = await play(`${bisecting}\nimport sys\nsys.exit(5)`)
  t.match(first(ended), { verdict: 'exit-nonzero', exitCode: 5 }, 'right, and then it failed')
  t.match(first(await play('while True: pass')), { verdict: /^(cpu|wall)-time-limit$/ })
})

t.test('an interactor that fails is no fault of the program', async (t) => {
  const failing: Readonly<Record<string, string>> = {
    'a crash at once': 'import os\nos.abort()',
    'a crash in the middle': 'import os\ninput()\nos.abort()',
    'a code that means nothing': 'import os\ninput()\nos._exit(77)',
    'all the memory': 'input()\nx = bytearray(1 << 30)',
  }
  for (const [name, source] of Object.entries(failing)) {
    const job = await play('print(1, flush=True)\ntry: input()\nexcept EOFError: pass', source)
    t.match(first(job), { verdict: 'checker-error' }, name)
    t.ok(job.tests?.[0]?.message, job.tests?.[0]?.message ?? '')
  }
  const hanging = await play('print(1, flush=True)', 'import time\ntime.sleep(60)')
  t.match(first(hanging), { verdict: 'checker-error', message: /more than 4000 ms/ })
  const broken = await tenant.run({
    ...{ language: 'python', source: bisecting, tests: [{ stdin: '1' }] },
    judging: { interactor: { language: 'c', source: 'int main(' } },
  })
  t.match(first(broken), { verdict: 'checker-error', message: /not built/ })
})

t.test(
  'two that wait for two slots do not wait for each other; and others get their turn',
  async (t) => {
    const tests = Array.from({ length: 3 }, (_, at) => ({ stdin: String(20 + at) }))
    const plain = { language: 'python', source: 'print(1)' }
    const jobs = await Promise.all([
      ...Array.from({ length: 4 }, () => play(bisecting, guessing, tests)),
      ...Array.from({ length: 4 }, () => tenant.run(plain)),
    ])
    t.same(
      jobs.map(({ outcome, judging }) => [outcome, judging?.passed ?? 3]),
      jobs.map(() => ['ok', 3]),
    )
  },
)

t.test('a cancel reaches both', async (t) => {
  const job = await tenant.submit({
    ...{
      language: 'python',
      source: 'input()',
      tests: [{ stdin: '1', limits: { wallMs: 60_000 } }],
    },
    judging: {
      interactor: { language: 'python', source: 'input()', limits: { wallMs: 60_000 } },
    },
  })
  while (((await tenant.request('GET', `/v1/jobs/${job.id}`)).json as Job).state === 'queued')
    await new Promise(setImmediate)
  await tenant.request('DELETE', `/v1/jobs/${job.id}`)
  t.equal((await tenant.finished(job.id)).outcome, 'cancelled')
})
