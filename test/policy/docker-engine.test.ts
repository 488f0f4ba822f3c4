// Our shapes of Docker's requests beside an engine's own description of them: docker-engine-fields.json has the name of every field that
// the engine's OpenAPI documents (API 1.25 to 1.47, one for each version; 1.24 has none; for images, secrets and
// configurations 1.39 to 1.47) name in these requests, all versions together.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { claimOf, leavesOf } from '../../policy/docker-claim.js'
import { dockerRequests } from '../../policy/docker-requests.js'

const path = 'test/policy/docker-engine-fields.json'
const described = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string[]>

/** Slips of the older documents, by which the name is not one that is sent. */
const slips: Readonly<Record<string, string>> = {
  '/Volumes/additionalProperties': 'a keyword of the schema in the wrong place (1.25 to 1.36)',
  '/HostConfig/PortBindings/*/HostIp': 'the list around it is left out (1.25 to 1.34)',
  '/HostConfig/PortBindings/*/HostPort': 'the list around it is left out (1.25 to 1.34)',
  '/IPAM/Config/*/*': 'its members are not named (1.25 to 1.40)',
  '/IPAM/Options/*/*': 'a list where the engine takes a map (1.25 to 1.38)',
}

/** What engines take or clients send, and those documents do not name. */
const undescribed: Readonly<Record<string, string>> = {
  '/VolumesFrom/*': 'clients send it beside that of HostConfig',
  '/Runtime': 'docker-py sends it beside that of HostConfig',
  '/HostConfig/Mounts/*/ImageOptions/Subpath': 'described from 1.48 on',
  '/TaskTemplate/ContainerSpec/Mounts/*/ImageOptions/Subpath': 'described from 1.48 on',
  '/HostConfig/Mounts/*/ClusterOptions': 'a member of the engine’s type since 1.42',
  '/TaskTemplate/ContainerSpec/Mounts/*/ClusterOptions': 'a member of the engine’s type since 1.42',
  '/NetworkingConfig/EndpointsConfig/*/GwPriority':
    'described from 1.48 on, sent to older ones too',
  '/EndpointConfig/GwPriority': 'described from 1.48 on, sent to older ones too',
  '/Detach': 'a member of the engine’s type',
  '/cpusetmems': 'read by the engine',
  '/session': 'read by the engine',
  '/buildid': 'read by the engine',
  '/cgroupparent': 'read by the engine',
  '/isolation': 'read by the engine, on Windows',
  '/securityopt/*': 'read by the engine, on Windows refused',
  '/ulimits/*/Name': 'read by the engine',
  '/ulimits/*/Soft': 'read by the engine',
  '/ulimits/*/Hard': 'read by the engine',
  '/TaskTemplate/Resources/Reservations/Pids': 'the engine’s type of limits, for both',
}

/** Requests that have so few. */
const few: Readonly<Record<string, number>> = {
  'POST /networks/{id}/disconnect': 2,
  'POST /images/load': 1,
  'POST /images/{name}/push': 2,
  'POST /images/{name}/tag': 2,
}

/** Texts of a query that hold a list or a map as JSON are described as texts. */
const isOrHolds = (leaf: string, field: string): boolean => leaf === field || leaf === `${field}/*`

for (const { endpoint, shape, claims } of dockerRequests.filter(
  ({ endpoint }) => described[endpoint],
)) {
  const leaves = leavesOf(shape)
  const fields = described[endpoint] ?? []
  t.test(`${endpoint}: every field that an engine describes is in our shape`, async (t) => {
    const isThere = (field: string): boolean =>
      leaves.some(
        (leaf) =>
          isOrHolds(leaf, field) ||
          // All of it is taken only when it is empty, whatever is in it.
          (field.startsWith(`${leaf}/`) && claimOf(claims, leaf)?.kind === 'empty'),
      )
    t.ok(fields.length > 2 || fields.length === few[endpoint])
    t.strictSame(
      fields.filter((field) => !isThere(field) && slips[field] === undefined),
      [],
    )
  })
  t.test(`${endpoint}: every field of our shape is described, or known to be taken`, async (t) => {
    const more = leaves.filter((leaf) => !fields.some((field) => isOrHolds(leaf, field)))
    t.strictSame(
      more.filter(
        (leaf) =>
          undescribed[leaf] === undefined && !fields.some((field) => field.startsWith(`${leaf}/`)),
      ),
      [],
    )
  })
}

t.test('the requests are those of the table', (t) => {
  const endpoints = dockerRequests.map(({ endpoint }) => endpoint)
  t.same(
    endpoints.filter((endpoint) => described[endpoint] === undefined),
    ['POST /services/{id}/update'],
    'which has the shape of a service that is created',
  )
  t.end()
})
