// From a request to the verdict of policy/ and to the request that the engine gets, which is built from the verdict and from nothing else.
import { tenantLabel } from '../contract/docker-owner.js'
import type { DockerAllowed, DockerEndpoint } from '../policy/docker-door.js'
import { judgeDocker } from '../policy/docker-judge.js'
import { readEngine } from './answer.js'
import type { Call } from './endpoint.js'
import { containerId, holdingsOf, nameOn, ownNetworks } from './owned.js'
import { DockerRefusal } from './refusal.js'
import { engineName } from './tenant.js'

/** The image that a request names: its details are read before it is judged. */
function imageOf({ body, path, endpoint }: Call): string | null {
  if (endpoint.judged === 'image-push' || endpoint.judged === 'image-tag') return path.name ?? null
  const { Image } = (body ?? {}) as { Image?: unknown }
  return typeof Image === 'string' ? Image : null
}

export async function judge(
  call: Call,
  endpoint: DockerEndpoint,
  path = call.path,
): Promise<DockerAllowed> {
  const { front, tenant, query, body } = call
  const holdings = await holdingsOf(call, imageOf(call))
  const verdict = judgeDocker(
    { endpoint, path, query, body },
    {
      tenant: tenant.name,
      grant: front.grantOf(tenant),
      ...holdings,
      engineName: nameOn(tenant),
      network: engineName(tenant.name, 'network', 'default'),
      ports: tenant.ports,
      seccompProfiles: front.seccompProfiles,
      apparmor: front.apparmor,
      init: front.look().hasInit,
      cgroupParent: null,
    },
  )
  if (verdict.allowed) return verdict
  const rules = [...new Set(verdict.violations.map(({ rule }) => rule))]
  throw new DockerRefusal(verdict.status, rules, verdict.message)
}

/** The network of a tenant's containers that ask for none. Made when the first is: traffic between its containers is off. */
export async function provideNetwork(call: Call): Promise<void> {
  const { tenant } = call
  const name = engineName(tenant.name, 'network', 'default')
  if ((await ownNetworks(call)).some(({ Name }) => Name === name)) return
  const body = {
    ...{ Name: name, CheckDuplicate: true, Driver: 'bridge', Internal: false },
    Options: { 'com.docker.network.bridge.enable_icc': 'false' },
    Labels: { [tenantLabel]: tenant.name },
  }
  try {
    await readEngine(call, { method: 'POST', path: ['networks', 'create'], body })
  } catch (error) {
    // Two first containers at one time: the other one has made it.
    if (!(error instanceof DockerRefusal && error.status === 409)) throw error
  }
}

export type Judged = Pick<DockerAllowed, 'path' | 'query' | 'body' | 'warnings'>

/** For `{id}` of a container of its own, which the engine gets as its full id. */
export async function judgeContainer(
  call: Call,
  endpoint: DockerEndpoint,
): Promise<Judged & { readonly id: string }> {
  const id = await containerId(call)
  const judged = await judge(call, endpoint, { ...call.path, id })
  return { ...judged, id }
}
