// Row 83, CVE-2025-9074: an engine's API that answers its own containers, since whoever comes from this machine is trusted.
import { once } from 'node:events'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Test } from 'tap'
import { accountOf, address, outputOf, port, type Tenant } from '../../stack.js'

const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
const addresses = [
  ...new Set([...own.map((one) => one.address), '172.17.0.1', '192.168.65.7', '10.0.2.2']),
]

/** What each address says to a connection; a packet on its way would be "timed out". */
const script = (ports: readonly string[]): string => `
import socket
for host in ${JSON.stringify(addresses)}:
  for port in ${JSON.stringify(ports.map(Number))}:
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
    s.settimeout(1)
    try:
      s.connect((host, port)); print('reached', host, port)
    except OSError as error:
      print('no', host, port, error.errno or error)
import os
for path in ['/var/run/docker.sock', '/run/docker.sock', '/run/podman/podman.sock', '/run/containerd/containerd.sock', '/run/dbus/system_bus_socket']:
  if os.path.exists(path): print('reached', path)
print('end')`

async function reaches(host: string, to: number): Promise<boolean> {
  const socket = connect(to, host)
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}

const claims: readonly Record<string, string>[] = [
  {},
  { host: 'localhost' },
  { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
  { authorization: 'Bearer ' },
  { authorization: 'Bearer null' },
  { authorization: 'Basic cm9vdDpyb290' },
]

/** Public keys alone, for whoever is shown a receipt. */
const forEverybody = '/v1/attestation'

async function judgeKeys(t: Test): Promise<void> {
  const document = await (await fetch(`http://${address}/openapi.json`)).json()
  const { paths } = document as { paths: Record<string, Record<string, unknown>> }
  const guarded = Object.entries(paths).filter(
    ([path]) => path.startsWith('/v1/') && path !== forEverybody,
  )
  t.ok(guarded.length >= 6, `${guarded.length} paths are known`)
  for (const [path, methods] of guarded)
    for (const method of Object.keys(methods).filter((name) =>
      /^(get|post|put|delete)$/.test(name),
    ))
      for (const headers of claims) {
        const url = `http://${address}${path.replace(/\{[^}]+\}/g, `job_${'0'.repeat(26)}`)}`
        const { status } = await fetch(url, { method: method.toUpperCase(), headers })
        t.equal(status, 401, `${method} ${path} from this machine, with ${JSON.stringify(headers)}`)
      }
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const [host = ''] = address.split(':')
  t.ok(await reaches(host, Number(port)), 'outside: a process of this machine reaches the API')
  for (const network of ['none', 'loopback'])
    for (const uid of [1000, 0]) {
      const job = await tenant.run({
        language: 'python',
        source: script([port, '2375', '2376', '6379']),
        network,
        user: { uid, gid: uid },
        limits: { wallMs: 60_000 },
      })
      const said = outputOf(job).toString()
      t.match(said, /^end$/m, `network ${network}, uid ${uid}: ${accountOf(job)}`)
      t.notMatch(said, /^reached/m, `network ${network}, uid ${uid}: nothing answers`)
      t.notMatch(said, /timed out/, `network ${network}, uid ${uid}: and no packet has a way`)
    }
  await judgeKeys(t)
}
