// Row 24, go-judge #176: an output file that is a link, collected from outside. There is no collection of files in this version:
// output comes by pipes alone, so the result holds what was written to them and nothing else.
import type { Test } from 'tap'
import { outputOf, type Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const job = await plantLinks(t, tenant, {
    script:
      'ln -s "$CANARY/file" out.txt; ln -s /proc/1/environ environment; ln -s "../../../../../../$CANARY/file" climbing; echo done',
    naive: 'cat out.txt climbing',
  })
  t.equal(outputOf(job).toString(), 'done\n', 'the result is what the program wrote')
  const inside = await plantLinks(t, tenant, {
    script: 'ln -s "$CANARY/file" out.txt; cat out.txt; true',
    naive: 'cat out.txt',
  })
  t.match(outputOf(inside, 'stderr').toString(), /No such file/, 'inside the link leads nowhere')
}
