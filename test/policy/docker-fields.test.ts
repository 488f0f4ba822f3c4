// Docker's requests, field by field: each is claimed by a rule that exists, or excused with a reason; and no claim is of a field that is none.
import t from 'tap'
import { claimOf, type DockerClaim, leavesOf } from '../../policy/docker-claim.js'
import { dockerRequests } from '../../policy/docker-requests.js'
import { dockerRules } from '../../policy/docker-rules.js'
import { rules } from '../../policy/rules.js'

const known = new Set([...rules.map(({ id }) => id), ...Object.keys(dockerRules)])

for (const { endpoint, shape, claims } of dockerRequests) {
  const leaves = leavesOf(shape)
  t.test(`${endpoint}: every field has a claim`, async (t) => {
    t.strictSame(
      leaves.filter((field) => claimOf(claims, field) === null),
      [],
    )
  })
  t.test(
    `${endpoint}: every claim is of a field, by rules that exist or with a reason`,
    async (t) => {
      for (const [field, claim] of Object.entries(claims)) {
        t.ok(
          leaves.some((leaf) => leaf === field || leaf.startsWith(`${field}/`)),
          `${field} is a field`,
        )
        if (claim.kind !== 'judged') t.ok(claim.reason.length >= 10, `${field} has a reason`)
        else
          t.strictSame(
            claim.rules.filter((id) => !known.has(id)),
            [],
            field,
          )
        t.ok(claim.kind !== 'judged' || claim.rules.length > 0, `${field} is judged by something`)
      }
    },
  )
}

const [create] = dockerRequests
const claimed = (field: string): DockerClaim | null =>
  create === undefined ? null : claimOf(create.claims, field)

t.test('what nobody may have is judged by the rule that says so', async (t) => {
  const dangerous = {
    '/HostConfig/Privileged': 'privileged',
    '/HostConfig/PidMode': 'pid-namespace',
    '/HostConfig/UsernsMode': 'user-namespace',
    '/HostConfig/Binds/*': 'host-path',
    '/HostConfig/Mounts/*/Source': 'host-socket',
    '/HostConfig/Mounts/*/VolumeOptions/DriverConfig/Options/*': 'host-path',
    '/HostConfig/VolumesFrom/*': 'host-path',
    '/HostConfig/Devices/*/PathOnHost': 'device',
    '/HostConfig/CapAdd/*': 'capability',
    '/HostConfig/Sysctls/*': 'sysctl',
    '/HostConfig/SecurityOpt/*': 'seccomp-unconfined',
    '/HostConfig/NetworkMode': 'host-network',
  }
  for (const [field, rule] of Object.entries(dangerous)) {
    const claim = claimed(field)
    t.ok(claim?.kind === 'judged' && claim.rules.includes(rule), `${field} by ${rule}`)
  }
})

t.test('a field that is in no shape has no claim, whatever its case', async (t) => {
  for (const field of ['/HostConfig/privileged', '/HostConfig/Nope', '/Nope', '/hostconfig/Binds'])
    t.equal(claimed(field), null, field)
})

t.test('leaves of a shape: lists, maps and names with a slash', async (t) => {
  t.strictSame(leavesOf({ a: 'text', 'b/c': [{ d: 'truth' }], e: { '*': 'nothing' } }), [
    '/a',
    '/b~1c/*/d',
    '/e/*',
  ])
})
