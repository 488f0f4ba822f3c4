// Row 99: keys that poison prototypes where objects are merged carelessly.
import type { Test } from 'tap'
import { accountOf, type Tenant } from '../../stack.js'

function merge(target: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const there = target[key]
    if (typeof value === 'object' && value !== null && typeof there === 'object' && there !== null)
      merge(there as Record<string, unknown>, value as Record<string, unknown>)
    else target[key] = value
  }
}

const poisons = [
  '{"__proto__":{"polluted":"yes"}}',
  '{"labels":{"__proto__":{"polluted":"yes"}}}',
  '{"env":{"__proto__":"x"}}',
  '{"limits":{"__proto__":{"cpuMs":1}}}',
  '{"constructor":{"prototype":{"polluted":"yes"}}}',
]

function naiveIsPolluted(): boolean {
  try {
    merge({}, JSON.parse(poisons[0] ?? '{}'))
    return 'polluted' in {}
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted')
  }
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  t.ok(naiveIsPolluted(), 'outside: a careless merge is poisoned')
  for (const poison of poisons) {
    const body = `{"language":"bash","source":"true",${poison.slice(1)}`
    const answer = await tenant.request('POST', '/v1/jobs?wait=30', body)
    t.equal(answer.status, 400, poison)
  }
  const job = await tenant.run({
    language: 'bash',
    source: 'env | sort',
    env: { constructor: 'a text' },
  })
  t.equal(job.outcome, 'ok', accountOf(job))
  t.match(job.stdout, /^constructor=a text$/m, 'an innocent use of such a name works')
  t.notMatch(job.stdout, /polluted/)
  const evaluation = await tenant.request('POST', '/v1/policy/evaluate', {
    language: 'bash',
    source: 'true',
  })
  t.notMatch(evaluation.text, /polluted/)
}
