// Connections of one client address: how many it may have open. One too many hears why, if it asks soon, and ends.
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { openPlaces, type Places } from './places.js'
import { Refusal } from './problem.js'
import type { Service } from './service.js'

/** How long a connection too many may take to send the request that is answered 429, milliseconds. */
const surplusMs = 1000
/** Connections too many that are kept for their answer, on the whole listener; all others are cut at once. */
const surplusMax = 64

/** The first half of an IPv6 address, written out: one client commonly has all of such a network (RFC 6177). */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array(Math.max(0, 8 - groups.length - after.length)).fill('0')
  return [...groups, ...zeros, ...after].slice(0, 4).join(':')
}

/** Under what name a peer's connections are counted. Null for a UNIX socket: the file system says who may. */
export function holderOf(remoteAddress: string | undefined): string | null {
  if (remoteAddress === undefined) return null
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remoteAddress) ?? []
  if (mapped !== undefined) return mapped
  return remoteAddress.includes(':') ? networkOf(remoteAddress) : remoteAddress
}

const tooMany = (max: number): Refusal =>
  new Refusal('too-many-connections', `One address may have ${max} connections open.`, {
    headers: { connection: 'close', 'retry-after': '5' },
  })

/** Gives a connection its place, or null. */
function placeOf(places: Places, socket: Socket): (() => void) | null {
  const holder = holderOf(socket.remoteAddress)
  return holder === null ? () => undefined : places.take(holder)
}

export function boundConnections(app: FastifyInstance, service: Service): void {
  const max = service.settings.addressConnectionsMax
  const places = openPlaces(max)
  const surplus = new WeakSet<Socket>()
  let surplusNow = 0
  const keepForAnswer = (socket: Socket): void => {
    service.telemetry.count('stockade_connections_refused_total', {})
    if (surplusNow >= surplusMax) return void socket.destroy()
    surplusNow++
    surplus.add(socket)
    const timer = setTimeout(() => socket.destroy(), surplusMs)
    socket.once('close', () => {
      clearTimeout(timer)
      surplusNow--
    })
  }
  app.server.prependListener('connection', (socket: Socket) => {
    service.telemetry.add('stockade_connections', 1)
    socket.once('close', () => service.telemetry.add('stockade_connections', -1))
    const leave = placeOf(places, socket)
    if (leave === null) keepForAnswer(socket)
    else socket.once('close', leave)
  })
  app.addHook('onRequest', async (request) => {
    if (surplus.has(request.raw.socket)) throw tooMany(max)
  })
}
