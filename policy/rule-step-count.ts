// No more steps than the grant gives, each under a name of its own.
import { untrusted } from './preset-untrusted.js'
import { allowed, deny, type Judge, type Rule } from './rule.js'

const judge: Judge = ({ steps }, { grant }) => {
  const first = steps[grant.steps]
  if (first === undefined) return allowed
  const most = grant.steps === 0 ? 'no steps: a job runs one program' : `at most ${grant.steps}`
  return deny(
    first.name.pointer,
    `Asked ${steps.length} steps; the grant ${grant.name} gives ${most}.`,
  )
}

const named = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    name: `s${at}`,
    run: 'true',
    limits: { wallMs: 1000, cpuMs: 1000 },
  }))

export const stepCount: Rule = {
  id: 'step-count',
  title: 'Steps within the grant',
  why: 'Each step has a result of its own, which is kept, and is started and told of by itself.',
  references: ['CWE-770 (allocation without limits)'],
  allows: ({ context }) => `at most ${context.grant.steps} steps`,
  fields: ['/steps/*/name'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [
      { name: 'as many as there are', base: 'steps', job: { steps: named(untrusted.steps) } },
      { name: 'one program, where there are none', grant: { steps: 0 } },
    ],
    deny: [
      { name: 'one too many', base: 'steps', job: { steps: named(untrusted.steps + 1) } },
      { name: 'one where there are none', base: 'steps', grant: { steps: 0 } },
    ],
  }),
}
