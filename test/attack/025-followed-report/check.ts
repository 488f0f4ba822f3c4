// Row 25, Compiler Explorer #6026: a link in place of any file that the service reads or serves afterwards: the compiler's messages,
// the meta data, the program. It reads none: messages come by pipes, figures from the kernel, and the program runs inside.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'
import { plantLinks } from '../canary.js'

const names =
  'compile.log stdout stderr stdin output.s meta.json meta status usage result.json program main a.out core trace events'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const uid of [1000, 0]) {
    const job = await plantLinks(t, tenant, {
      script: `for name in ${names}; do rm -rf $name; ln -s "$CANARY/file" $name; done; echo done; echo message >&2`,
      naive: 'cat compile.log meta.json stdout',
      spec: { user: { uid, gid: uid } },
    })
    t.equal(outputOf(job).toString(), 'done\n', `uid ${uid}: ${accountOf(job)}`)
    t.equal(outputOf(job, 'stderr').toString(), 'message\n')
  }
  // The compile step's own files: what stands in their place is the job's alone.
  const inTheWay = ['program', 'compile.log', 'stdout'].map((name) => ({
    path: `${name}/file`,
    content: 'in the way',
  }))
  const job = await tenant.run({
    language: 'c',
    source: 'int main(void) { return x; }',
    files: inTheWay,
  })
  t.equal(job.outcome, 'compile-error', accountOf(job))
  t.match(
    JSON.stringify(job),
    /undeclared/,
    'control: the compiler’s message is in the result, by its pipe',
  )
}
