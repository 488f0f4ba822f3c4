// Row 95: a file that says it is 1 TiB, and many that say they are large and hold nothing.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant, tryAsRoot } from '../../stack.js'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const outside = 'f=$(mktemp) && truncate -s 1T "$f" && stat -c %s "$f"; rm -f "$f"'
  t.equal(
    tryAsRoot(['bash', '-c', outside]).stdout.trim(),
    String(2 ** 40),
    'outside: such a file can be made',
  )
  const huge = await tenant.run({ language: 'bash', source: 'truncate -s 1T out' })
  t.match(
    huge.outcome,
    /^(disk-limit|exit-nonzero)$/,
    `inside: not beyond fileBytes; ${accountOf(huge)}`,
  )
  const many = await tenant.run({
    language: 'bash',
    source: 'for n in $(seq 200); do truncate -s 60M sparse$n; done; du -s . | cut -f 1',
  })
  t.equal(many.outcome, 'ok', accountOf(many))
  t.ok(Number(outputOf(many).toString()) < 1024, 'they take no space')
  t.ok(
    (many.usage?.diskBytes ?? Number.POSITIVE_INFINITY) < 1_048_576,
    'and are counted by what they take',
  )
}
