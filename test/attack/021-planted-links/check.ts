// Row 21, CVE-2024-28185: links named as each file that a service might write afterwards.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const names =
  'main main.sh main.c main.py program stdin stdout stderr out.txt output result.json meta meta.json compile.log .stockade'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const job = await plantLinks(t, tenant, {
    script: `for name in ${names}; do ln -sf "$CANARY/file" "$name"; ln -sf "$CANARY/file" "/tmp/$name-$(basename "$CANARY")"; done`,
    naive: 'echo result > stdout; rm -f /tmp/{,.}*-"$(basename "$CANARY")"',
  })
  t.equal(job.outcome, 'ok')
  // Between two steps: the compiler's output is a file that the compile step made, and the run step starts from it.
  const placed = await tenant.request('POST', '/v1/jobs?wait=30', {
    language: 'c',
    source: 'int main(void) { return 0; }',
    files: [{ path: 'program/file', content: 'in the way of the compiler' }],
  })
  t.equal(placed.status, 200)
  t.equal(
    (placed.json as { outcome: string }).outcome,
    'compile-error',
    'a directory in place of the compiled program',
  )
}
