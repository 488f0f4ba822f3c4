// Row 103: escapes of a terminal (clipboard, title, answers typed back) on their way to whoever looks at a result.
import type { Test } from 'tap'
import {
  accountOf,
  address,
  asRoot,
  instance,
  outputOf,
  type Tenant,
  tryAsRoot,
} from '../../stack.js'
import { repository } from '../../tidy-source.js'
import { activeLines } from '../terminal-text.js'

const escapes = [
  '\u001b]52;c;aWQK\u0007',
  '\u001b]0;title\u0007',
  '\u001b[6n',
  '\u001bP+q\u001b\\',
  '\u009b31m',
  '\u0007',
  '\u001b[2J\u001b[H',
  '\r\u001b[K',
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  t.ok(
    activeLines(escapes.join('')).length > 0,
    'outside: they are active where they are shown as they are',
  )
  const text = escapes.join('\n')
  const job = await tenant.run({
    language: 'python',
    source: `import sys\nsys.stdout.write(${JSON.stringify(text)})\nsys.stderr.write(${JSON.stringify(text)})`,
  })
  t.equal(
    outputOf(job).toString(),
    text,
    `control: the bytes themselves are kept; ${accountOf(job).slice(0, 200)}`,
  )
  const paths = [`/v1/jobs/${job.id}`, '/v1/jobs?limit=5', `/v1/jobs/${job.id}/events`]
  for (const path of paths) {
    const response = await fetch(`http://${address}${path}`, {
      headers: { authorization: `Bearer ${tenant.key}` },
    })
    const wire = await response.text()
    t.same(activeLines(wire), [], `${path}: nothing active on the wire`)
  }
  const refused = await tenant.request('POST', '/v1/jobs', {
    language: `x${escapes[0]}`,
    source: 'x',
    [`y${escapes[1]}`]: 1,
    network: escapes[2],
  })
  t.equal(refused.status, 400)
  t.same(activeLines(refused.text), [], 'a problem that quotes them is not active either')
  for (const name of escapes) {
    const made = tryAsRoot([
      `${repository}/stockade`,
      'key',
      'create',
      '--tenant',
      `x${name}`,
      '--instance',
      instance,
    ])
    t.not(made.status, 0, 'a tenant by such a name is refused')
    t.same(activeLines(made.stdout), [])
  }
  const status = asRoot([`${repository}/stockade`, 'status', '--instance', instance])
  t.same(activeLines(status), [], 'what the command shows of the services is plain text')
}
