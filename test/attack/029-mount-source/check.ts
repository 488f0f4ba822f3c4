// Row 29, CVE-2017-1002101, CVE-2021-25741: a path of the host, or one below a volume that is a link to the host.
import type { Test } from 'tap'
import type { Tenant } from '../../stack.js'

const sources = [
  '/',
  '/etc',
  '/proc/self/root',
  '/var/run/docker.sock',
  '..',
  '../../etc',
  'volume/../..',
  '/work/link',
  'C:\\',
  '//',
  '/etc/.',
  '',
  '.',
]
/** Spellings that other engines know for a part of a volume, or for a host's path. */
const unknown = [
  'subPath',
  'subPathExpr',
  'hostPath',
  'Source',
  'src',
  'bindOptions',
  'volumeOptions',
  'propagation',
  'consistency',
  'from',
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const ask = (mounts: unknown): ReturnType<Tenant['request']> =>
    tenant.request('POST', '/v1/jobs', { language: 'bash', source: 'true', mounts })
  for (const type of ['bind', 'volume'])
    for (const source of sources) {
      const answer = await ask([{ type, source, target: '/work/in' }])
      t.equal(answer.status, 403, `${type} of ${JSON.stringify(source)}`)
      t.match(answer.text, /"pointer":"\/mounts\/0/, 'with a pointer')
    }
  for (const field of unknown) {
    const answer = await ask([
      { type: 'volume', source: 'data', target: '/work/in', [field]: '/etc' },
    ])
    t.equal(answer.status, 400, `${field} is no field of a mount`)
  }
  for (const type of ['image', 'npipe', 'cluster', 'BIND', '', null])
    t.equal(
      (await ask([{ type, source: '/etc', target: '/work/in' }])).status,
      400,
      `${JSON.stringify(type)} is no kind of mount`,
    )
  for (const field of ['volumes', 'binds', 'Binds', 'volumesFrom', 'volumeMounts']) {
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      [field]: ['/etc:/work/in'],
    })
    t.equal(answer.status, 400, `${field} is no field of a job`)
  }
  t.equal((await ask([])).status, 202, 'control: a job without a mount is taken')
}
