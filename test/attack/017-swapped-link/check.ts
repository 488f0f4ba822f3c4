// Row 17, CVE-2018-15664. There are no artifacts yet, so the property is the one that stands under them: whatever a job swaps in
// its workspace, while it runs and after its main program has ended, nothing outside opens a path there.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const script = `
mkdir real && echo mine > real/file && mkdir out
swap() { rm -rf out; ln -s "$CANARY" out; rm -f out; mv -T real out 2> /dev/null || mkdir -p out; cp -r out real 2> /dev/null; }
for round in $(seq 40); do swap; done
rm -rf out && ln -s "$CANARY" out`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const naive = 'cat out/file'
  const ended = await plantLinks(t, tenant, { script, naive })
  t.equal(ended.outcome, 'ok')
  const background = `${script}\n(while :; do swap; done) < /dev/null > /dev/null 2>&1 &\ndisown`
  const left = await plantLinks(t, tenant, { script, naive, spec: { source: background } })
  t.equal(left.outcome, 'ok', 'a swapper left behind ends with the job')
}
