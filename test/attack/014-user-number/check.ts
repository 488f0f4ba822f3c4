// Row 14, CVE-2024-40635: a user number that wraps to another, 0 above all.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'

/** As they stand in the body: some are no number that JavaScript could write down. */
const numbers = [
  '4294967296',
  '4294967295',
  '4294966296',
  '2147483648',
  '2147483647',
  '65536',
  '65535',
  '65534',
  '-1',
  '-2147483648',
  '0.5',
  '1e400',
  '1e99',
  '18446744073709551616',
  '9007199254740993',
  '"0"',
  '"4294967296"',
  'null',
  'true',
  '[0]',
  '{}',
]
/** Other spellings of a number that is allowed: JSON has them, and they mean the same to every reader. */
const spellings: Readonly<Record<string, string>> = {
  '1e3': '1000',
  '1000.0': '1000',
  '1E+3': '1000',
  '-0': '0',
}

const bodyOf = (uid: string, gid: string): string =>
  `{"language":"bash","source":"id -u; id -g","user":{"uid":${uid},"gid":${gid}}}`

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const number of numbers) {
    for (const body of [bodyOf(number, '1000'), bodyOf('1000', number)]) {
      const answer = await tenant.request('POST', '/v1/jobs', body)
      t.equal(answer.status, 400, body)
      t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
    }
  }
  for (const [number, meant] of Object.entries(spellings)) {
    const answer = await tenant.request('POST', '/v1/jobs?wait=30', bodyOf(number, number))
    const { stdout } = answer.json as { stdout?: string }
    t.ok(
      answer.status === 400 || stdout === `${meant}\n${meant}\n`,
      `${number} is refused or is ${meant}: ${answer.status} ${stdout ?? ''}`,
    )
  }
  const job = await tenant.run({
    language: 'bash',
    source: 'id -u; id -g; cat /proc/self/uid_map',
    user: { uid: 65533, gid: 65533 },
  })
  t.match(
    outputOf(job).toString(),
    /^65533\n65533\n/,
    `control: the largest is taken; ${accountOf(job)}`,
  )
  t.notMatch(
    outputOf(job).toString(),
    /^ *0 +0 /m,
    'and no id inside is the host’s own of that number',
  )
}
