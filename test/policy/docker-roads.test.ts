// Every road is closed by the rule that is its own, under the widest grant that there is; and the same request without it is let through.
import t from 'tap'
import { dockerEndpoints } from '../../policy/docker-door.js'
import { judgeDocker } from '../../policy/docker-judge.js'
import { dockerRules } from '../../policy/docker-rules.js'
import {
  call,
  cliCreate,
  dockerContext,
  dockerGrant,
  imageId,
  judged,
  reasons,
} from './docker-fixture.js'
import { roads } from './docker-roads.js'

for (const road of roads) {
  t.test(`${road.endpoint}: ${road.name}`, async (t) => {
    const asked = { ...call(road.endpoint, road.body ?? null, road.query), path: road.path ?? {} }
    const verdict = judgeDocker(asked, dockerContext())
    t.notOk(verdict.allowed)
    if (verdict.allowed) return
    const rules = verdict.violations.map(({ rule }) => rule)
    t.ok(rules.includes(road.rule), `${road.rule} among ${reasons(verdict).join(', ')}`)
    t.notOk(rules.includes('docker-unread'), 'every field was read')
    t.notMatch(
      verdict.message,
      /no such file|permission denied|is a directory|not found in \$PATH/i,
    )
  })
}

/** What clients send when nothing is wished: endpoint, body, query, path. */
const plain: readonly (readonly [
  Parameters<typeof judged>[0],
  unknown,
  Record<string, string>,
  Record<string, string>,
])[] = [
  ['container-create', cliCreate, { name: 'x' }, {}],
  ['container-create', { Image: 'app', HostConfig: { NetworkMode: 'default' } }, {}, {}],
  [
    'container-update',
    { Memory: 2 ** 28, MemorySwap: 0, PidsLimit: 0, Devices: null },
    {},
    { id: 'web' },
  ],
  [
    'exec-create',
    {
      User: '',
      Privileged: false,
      Tty: true,
      Cmd: ['sh'],
      Detach: false,
      DetachKeys: '',
      Env: null,
    },
    {},
    { id: 'web' },
  ],
  ['exec-start', { Detach: false, Tty: true, ConsoleSize: [24, 80] }, {}, { id: 'e' }],
  [
    'image-build',
    null,
    {
      t: 'x',
      version: '1',
      rm: '1',
      buildargs: '{}',
      labels: '{}',
      ulimits: 'null',
      cachefrom: '[]',
      networkmode: 'default',
    },
    {},
  ],
  ['image-create', null, { fromImage: 'docker.io/library/busybox', tag: 'latest' }, {}],
  [
    'image-create',
    null,
    { fromImage: 'registry.example:5000/a/b', tag: `sha256:${'0'.repeat(64)}` },
    {},
  ],
  ['image-create', null, { fromSrc: '-', repo: 'x:1', changes: 'CMD ["sh"]' }, {}],
  ['image-load', null, { quiet: '1' }, {}],
  ['image-push', null, { tag: '1' }, { name: 'registry.example:5000/a/b' }],
  ['image-tag', null, { repo: 'registry.example:5000/a/b', tag: '1' }, { name: 'app' }],
  [
    'commit',
    null,
    { container: 'web', repo: 'docker.io/library/new', tag: '', comment: '', author: '' },
    {},
  ],
  ['volume-create', { Name: 'v', Driver: 'local', DriverOpts: {}, Labels: {} }, {}, {}],
  ['volume-create', { Driver: '' }, {}, {}],
  [
    'network-create',
    {
      Name: 'n',
      Driver: 'bridge',
      Attachable: true,
      IPAM: { Driver: 'default', Config: [] },
      Options: {},
    },
    {},
    {},
  ],
  [
    'network-connect',
    { Container: 'web', EndpointConfig: { Aliases: ['w'], IPAMConfig: {} } },
    {},
    { id: 'back' },
  ],
  ['network-disconnect', { Container: 'web', Force: false }, {}, { id: 'back' }],
  ['secret-create', { Name: 's', Labels: {}, Data: 'eA==' }, {}, {}],
  ['config-create', { Name: 'c', Labels: null, Data: 'eA==' }, {}, {}],
  [
    'service-create',
    {
      Name: 's',
      Labels: {},
      TaskTemplate: {
        ContainerSpec: {
          ...{ Image: 'app', Args: ['run'], Init: false, DNSConfig: {}, Isolation: 'default' },
          Mounts: [{ Type: 'volume', Source: 'data', Target: '/data' }],
          Secrets: [
            {
              SecretID: 'key',
              SecretName: 'key',
              File: { Name: 'key', UID: '0', GID: '0', Mode: 0o444 },
            },
          ],
        },
        ...{
          Resources: { Limits: {}, Reservations: {} },
          Placement: {},
          ForceUpdate: 0,
          Runtime: 'container',
        },
        Networks: [{ Target: 'back' }],
      },
      Mode: { Replicated: { Replicas: 2 } },
      EndpointSpec: {
        Mode: 'vip',
        Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 20_001 }],
      },
    },
    {},
    {},
  ],
  [
    'service-update',
    { Name: 's', TaskTemplate: { ContainerSpec: { Image: 'app' } } },
    { version: '7', registryAuthFrom: 'spec' },
    { id: 'api' },
  ],
]

t.test('the control: what clients send at rest is let through, at every endpoint', async (t) => {
  for (const [endpoint, body, query, path] of plain) {
    const verdict = judgeDocker({ ...call(endpoint, body, query), path }, dockerContext())
    t.strictSame(reasons(verdict), [], endpoint)
  }
})

t.test('a grant without Docker gives nothing, whatever is asked', async (t) => {
  for (const endpoint of dockerEndpoints) {
    const verdict = judged(endpoint, {}, {}, { grant: dockerGrant({ allowed: false }) })
    t.strictSame(reasons(verdict), ['docker-grant '], endpoint)
  }
})

t.test('parts of a grant are given one by one', async (t) => {
  const under = (change: Parameters<typeof dockerGrant>[0]) => ({ grant: dockerGrant(change) })
  t.strictSame(reasons(judged('image-build', null, {}, under({ build: false }))), ['docker-grant '])
  t.strictSame(reasons(judged('secret-create', { Name: 's' }, {}, under({ swarm: false }))), [
    'docker-grant ',
  ])
  t.strictSame(reasons(judged('container-create', cliCreate, {}, under({ containers: 1 }))), [
    'docker-quota ',
  ])
  t.strictSame(reasons(judged('volume-create', { Name: 'v' }, {}, under({ volumes: 1 }))), [
    'docker-quota ',
  ])
  t.strictSame(
    reasons(judged('volume-create', { Name: 'data' }, {}, under({ volumes: 1 }))),
    [],
    'that is there already',
  )
  t.strictSame(reasons(judged('network-create', { Name: 'n' }, {}, under({ networks: 1 }))), [
    'docker-quota ',
  ])
  const network = judged('network-create', { Name: 'n' }, {}, under({ trafficInside: false }))
  t.match(network, {
    allowed: true,
    body: { Options: { 'com.docker.network.bridge.enable_icc': 'false' } },
  })
})

t.test(
  'an image that is not there is 404, so that clients pull it; a stranger’s container is 404',
  async (t) => {
    const image = judged('container-create', { ...cliCreate, Image: 'absent' })
    t.match(image, { allowed: false, status: 404, message: 'No such image: absent' })
    const both = judged('container-create', {
      ...cliCreate,
      Image: 'absent',
      HostConfig: { Privileged: true },
    })
    t.match(both, { allowed: false, status: 403 })
    const volumes = judged('container-create', {
      Image: 'app',
      HostConfig: { VolumesFrom: ['theirs'] },
    })
    t.match(volumes, { allowed: false, status: 404, message: 'No such container: theirs' })
    t.match(judged('container-create', { Image: 'app', Nope: 1 }), { allowed: false, status: 400 })
  },
)

t.test('each rule of this door is broken by a road or by a grant', async (t) => {
  const broken = new Set(roads.map(({ rule }) => rule))
  // A grant breaks it above; nothing may break the other, which is for what an adapter forgets.
  for (const id of ['docker-quota', 'docker-unread']) broken.add(id)
  t.strictSame(
    Object.keys(dockerRules).filter((id) => !broken.has(id)),
    [],
  )
})

t.test('a service is written anew, within its bounds', async (t) => {
  const verdict = judged('service-create', {
    Name: 's',
    TaskTemplate: { ContainerSpec: { Image: 'app', CapabilityDrop: ['CHOWN'] } },
  })
  t.match(verdict, {
    allowed: true,
    body: {
      Name: 'acme.s',
      Labels: { 'stockade.tenant': 'acme' },
      TaskTemplate: {
        ContainerSpec: {
          Image: imageId,
          CapabilityDrop: ['ALL'],
          Labels: { 'stockade.tenant': 'acme' },
        },
        Resources: { Limits: { MemoryBytes: 2 ** 29, NanoCPUs: 1e9, Pids: 256 } },
        LogDriver: { Name: 'json-file' },
      },
      Mode: { Replicated: { Replicas: 1 } },
    },
  })
  t.notMatch(JSON.stringify(verdict), 'CAP_CHOWN')
})
