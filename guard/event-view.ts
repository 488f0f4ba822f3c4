// Events of an engine → those of one tenant's things, in its own names. What nobody can say whose it is, is nobody's.
import { tenantLabel } from '../contract/docker-owner.js'
import { clientName, isTenantImage } from './tenant.js'
import { clientLabels, isFields } from './view.js'

type Event = {
  readonly Type?: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: unknown }
}

/** Null: not this tenant's. */
export function eventView(tenant: string, event: unknown): unknown {
  if (!isFields(event)) return null
  const { Type, Actor } = event as Event
  const attributes = isFields(Actor?.Attributes) ? Actor.Attributes : {}
  if (Type === 'container') return containerEvent(tenant, event, attributes)
  if (Type === 'volume') {
    const name = clientName(tenant, 'volume', Actor?.ID ?? '')
    return name === null
      ? null
      : { ...event, Actor: { ID: name, Attributes: clientAttributes(tenant, attributes) } }
  }
  if (Type === 'network') {
    const name = clientName(tenant, 'network', String(attributes.name))
    if (name === null) return null
    return {
      ...event,
      Actor: { ID: Actor?.ID, Attributes: { ...clientAttributes(tenant, attributes), name } },
    }
  }
  if (Type === 'image') return imageEvent(tenant, event, attributes)
  return null
}

function clientAttributes(
  tenant: string,
  attributes: Record<string, unknown>,
): Record<string, unknown> {
  const { image, ...rest } = clientLabels(attributes)
  if (typeof image !== 'string') return rest
  return { ...rest, image: clientName(tenant, 'image', image) ?? image }
}

function containerEvent(
  tenant: string,
  event: Record<string, unknown>,
  attributes: Record<string, unknown>,
): unknown {
  if (attributes[tenantLabel] !== tenant) return null
  const { from: _from, Actor, ...rest } = event
  const name = clientName(tenant, 'container', String(attributes.name)) ?? attributes.name
  const shown = clientAttributes(tenant, attributes)
  const { ID } = Actor as { ID?: string }
  return { ...rest, from: shown.image ?? '', Actor: { ID, Attributes: { ...shown, name } } }
}

function imageEvent(
  tenant: string,
  event: Record<string, unknown>,
  attributes: Record<string, unknown>,
): unknown {
  const name = String(attributes.name ?? '')
  const own = clientName(tenant, 'image', name)
  if (own === null || !isTenantImage(name)) return null
  const { Actor, id: _id, from: _from, ...rest } = event
  const { ID } = Actor as { ID?: string }
  const shown = clientName(tenant, 'image', ID ?? '') ?? ID
  return {
    ...rest,
    id: shown,
    Actor: { ID: shown, Attributes: { ...clientAttributes(tenant, attributes), name: own } },
  }
}
