// Row 13, CVE-2026-30892: a user given as text, read in one way by the judge and in another by the runtime. Users are two numbers.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'

const texts = [
  '0x0',
  '1000:',
  ' 0',
  '-1',
  '0',
  'root',
  '0:0',
  '1000:0',
  '00',
  '+0',
  '0\n',
  '０',
  '0 ',
  '',
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const spec = { language: 'bash', source: 'id -u; id -g' }
  for (const text of texts) {
    const users = [
      text,
      { uid: text, gid: 0 },
      { uid: 0, gid: text },
      { uid: 1000, gid: 1000, name: text },
    ]
    for (const user of users) {
      const answer = await tenant.request('POST', '/v1/jobs', { ...spec, user })
      t.equal(answer.status, 400, `user ${JSON.stringify(user)}`)
      t.match(answer.text, /"pointer":"\/user/, 'with a pointer')
    }
  }
  for (const user of [null, [], [0, 0], 0, true, { uid: 0 }, { gid: 0 }, { UID: 0, gid: 0 }]) {
    const answer = await tenant.request('POST', '/v1/jobs', { ...spec, user })
    t.equal(answer.status, 400, `user ${JSON.stringify(user)}`)
  }
  const job = await tenant.run({ ...spec, user: { uid: 1234, gid: 4321 } })
  t.equal(outputOf(job).toString(), '1234\n4321\n', `control: numbers are taken; ${accountOf(job)}`)
}
