// Real solutions of one problem in six languages, right ones and ones that fail in each way, and the verdict that is known of each.
import t from 'tap'
import type { JobSpec } from '../../contract/job.js'
import { accountOf, openTenant } from '../stack.js'
import { type Solutions, solutions } from './problem-programs.js'

const tenant = openTenant('judge-problems', 'grader')
const tests = [
  { name: 'small', stdin: '10\n', expected: '4\n', points: 1 },
  { name: 'none', stdin: '1\n', expected: '0\n', points: 1 },
  { name: 'larger', stdin: '2000\n', expected: '303\n', points: 2 },
]
const limits = { cpuMs: 1000, wallMs: 8000, memoryBytes: 67_108_864, outputBytes: 65_536 }

function specOf(language: string, source: string): JobSpec {
  const common = { tests, limits, judging: { stop: 'first-failure' } } as const
  if (language !== 'awk') return { language, source, ...common }
  const command = ['/usr/bin/awk', '-f', 'main.awk']
  return { image: 'default', command, files: [{ path: 'main.awk', content: source }], ...common }
}

/** Interpreters read a program when they run it: what is none fails as one that exits. */
const compiled = ['c', 'cpp']
type Way = Exclude<keyof Solutions, 'language'>
const verdictOf = (way: Way, language: string): string | RegExp => {
  switch (way) {
    case 'right':
      return 'accepted'
    case 'wrong':
      return 'wrong-answer'
    case 'slow':
      return 'cpu-time-limit'
    case 'hungry':
      return 'memory-limit'
    case 'crashing':
      return compiled.includes(language) ? 'signalled' : 'exit-nonzero'
    case 'talkative':
      return 'output-limit'
    case 'broken':
      return compiled.includes(language) ? 'compile-error' : 'exit-nonzero'
  }
}
const ways = ['right', 'wrong', 'slow', 'hungry', 'crashing', 'talkative', 'broken'] as const

for (const one of solutions) {
  t.test(one.language, async (t) => {
    const jobs = await Promise.all(ways.map((way) => tenant.run(specOf(one.language, one[way]))))
    for (const [at, way] of ways.entries()) {
      const job = jobs[at]
      if (job === undefined) throw new Error('a job is missing')
      const verdict = job.judging?.verdict ?? job.outcome
      t.equal(verdict, verdictOf(way, one.language), `${way}: ${accountOf(job)}`)
      t.equal(job.judging?.score ?? 0, way === 'right' ? 4 : 0, `${way}: its points`)
    }
    if (one.language !== 'awk') t.ok(jobs[0]?.languageVersion, 'the exact version is told')
  })
}
