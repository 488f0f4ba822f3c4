// Row 108, CVE-2021-41091 and CVE-2024-25621: data directories that any user of the host may walk, read or change.
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { asRoot, instance, tryAsRoot } from '../../stack.js'

const places = ['/var/lib', '/run', '/etc', '/opt', '/var/log'].map((base) => `${base}/${instance}`)
const asNobody = (script: string): string =>
  tryAsRoot([
    'setpriv',
    '--reuid',
    '65534',
    '--regid',
    '65534',
    '--clear-groups',
    'bash',
    '-c',
    script,
    'bash',
    ...places,
  ]).stdout
const asRootIn = (script: string): string => asRoot(['bash', '-c', script, 'bash', ...places])

/** Everything below that a user of the host may change. */
const writable =
  'for place in "$@"; do find "$place" \\( -type f -o -type d -o -type s -o -type p \\) -writable 2> /dev/null; done'
const secrets = [
  'secrets/seal.key',
  'secrets/redis-api.password',
  'secrets/redis-worker.password',
  'redis',
  'blobs',
].map((path) => `/var/lib/${instance}/${path}`)

const closedPlaces = [
  ...secrets,
  ...['api', 'worker'].map((name) => `/run/${instance}/${name}`),
  ...['api', 'worker', 'launcher'].map((name) => `/var/log/${instance}/${name}`),
].filter((path) => tryAsRoot(['test', '-e', path]).status === 0)

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')
const directories = (pattern: string): string[] => linesOf(asRoot(['sh', '-c', `ls -d ${pattern}`]))

/** CVE-2021-41091 as it would be here: a user of the host puts a file where every job of an image finds it. */
function judgeImages(t: Test): void {
  const images = directories(`/var/lib/${instance}/images/*/`)
  for (const image of [...images, ...directories(`/run/${instance}/slots/*/images/*/`)])
    t.equal(asNobody(`cd ${image} 2> /dev/null && echo in`), '', `${image} is closed`)
  for (const image of images) {
    const name = `${image}rootfs/tmp/planted-${randomBytes(4).toString('hex')}`
    t.match(
      asRoot(['stat', '-c', '%A', `${image}rootfs/tmp`]),
      /^d.......w/,
      'control: inside, /tmp is everybody’s',
    )
    asNobody(`: > ${name}`)
    t.not(tryAsRoot(['test', '-e', name]).status, 0, 'nothing can be planted in it from outside')
    asRoot(['rm', '-f', name])
  }
}

export async function check(t: Test): Promise<void> {
  t.not(asRootIn(writable), '', 'control: root may change what is there')
  t.equal(asNobody(writable), '', 'a user of the host may change nothing')
  const walks = asNobody('[ -d "$1" ] && echo walks')
  t.equal(walks, 'walks\n', 'control: that user runs, and sees that there is an instance')
  for (const path of closedPlaces) {
    const seen = asNobody(`cat ${path} 2> /dev/null | head -c 1; ls -A ${path}/ 2> /dev/null`)
    t.equal(seen, '', `${path} is closed`)
  }
  judgeImages(t)
  const found = (what: string): string[] =>
    linesOf(asRootIn(`for place in "$@"; do find "$place" ${what} 2> /dev/null; done`))
  t.same(found('-type f -perm /6000'), [], 'no set-uid or set-gid file lies there')
  const ofSlots = /\/slots\/devices\/\d+\/(null|zero|full|random|urandom)$/
  const devices = found('\\( -type b -o -type c \\)').filter((path) => !ofSlots.test(path))
  t.same(devices, [], 'and no device but the five of each slot')
  const sockets = found('-type s')
  t.ok(sockets.length >= 3, `control: ${sockets.length} sockets`)
  const open = sockets.filter((path) => asNobody(`[ -w ${path} ] && echo open`) !== '')
  t.same(open, [], 'no socket takes a user of the host')
}
