// Row 94: FIFOs, sockets and devices in the place of output: a reader from outside would wait for ever.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant, tryAsRoot } from '../../stack.js'

const script =
  'for name in out stdout result.json program; do rm -f $name; mkfifo $name; done; echo done'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const naive = `cd "$(mktemp -d)" && ${script} > /dev/null && timeout 1 cat out; code=$?; rm -rf "$PWD"; exit $code`
  t.equal(tryAsRoot(['bash', '-c', naive]).status, 124, 'outside: a naive reader hangs')
  const job = await tenant.run({ language: 'bash', source: script })
  t.equal(job.outcome, 'ok', accountOf(job))
  t.equal(outputOf(job).toString(), 'done\n')
  const held = await tenant.run({
    language: 'bash',
    source: `${script}; (exec 3<> out; sleep 60) & exit 7`,
  })
  t.equal(
    held.exitCode,
    7,
    `a child that holds the streams open holds nobody up; ${accountOf(held)}`,
  )
}
