// What `up` replaces goes only when nothing can need it any more: releases and images, by the very functions that it calls.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { asRoot } from '../stack.js'
import { repository } from '../tidy-source.js'

/** Sources one part of set-up with names of our own, and calls it as root. */
function call(
  part: string,
  names: Record<string, string>,
  words: readonly string[],
  input = '',
): string {
  const assignments = Object.entries(names).map(([name, value]) => `${name}=${value}`)
  const script = [
    'set -euo pipefail',
    `cd '${repository}'`,
    'say() { printf "%s\\n" "$*"; }',
    ...assignments,
    `source ops/${part}.sh`,
    '"$@"',
  ].join('\n')
  return asRoot(['bash', '-c', script, 'bash', ...words], input)
}

/** On a disk: /tmp may be a file system that knows no mapped ids. */
function makeDirectory(t: Test): string {
  const directory = mkdtempSync('/var/tmp/stockade-replace-')
  t.teardown(() => asRoot(['rm', '-rf', '--one-file-system', directory]))
  return directory
}

t.test('a release goes when no service was started from it', async (t) => {
  const directory = makeDirectory(t)
  const names = { install_directory: directory, release: `${directory}/release` }
  for (const name of ['release-a', 'release-b', 'release-c', 'release-c.partial', 'bin'])
    mkdirSync(join(directory, name, 'dist'), { recursive: true })
  symlinkSync('release-c', join(directory, 'release'))

  const running = `/usr/bin/node ${directory}/release-b/dist/worker/main.js /usr/bin/redis-server /etc/x`
  call('build', names, ['remove_old_releases', running])
  t.strictSame(readdirSync(directory).sort(), ['bin', 'release', 'release-b', 'release-c'])
  t.ok(existsSync(join(directory, 'release-b/dist')), 'the worker’s is whole')

  call('build', names, ['remove_old_releases', running.replace('release-b', 'release-c')])
  t.strictSame(readdirSync(directory).sort(), ['bin', 'release', 'release-c'])
})

const [first = '', second = '', third = '', torn = ''] = ['a', 'b', 'c', 'd'].map((letter) =>
  letter.repeat(64),
)

t.test('an image stays for one index more than names it, below mounted slots', async (t) => {
  const directory = makeDirectory(t)
  const store = join(directory, 'images')
  const slots = join(directory, 'slots')
  const names = { image_store: store, image_cache: directory }
  const addImage = (name: string): void => {
    mkdirSync(join(store, name, 'rootfs'), { recursive: true })
    writeFileSync(join(store, name, 'rootfs/file'), name)
    asRoot(['chown', '-R', '700000:700000', join(store, name)])
  }
  const nameInIndex = (digest: string): void => {
    call('images', names, ['put_index'], JSON.stringify({ images: [{ name: 'default', digest }] }))
  }
  for (const name of [first, second, torn, `${torn}.partial`]) addImage(name)
  mkdirSync(slots)
  const slotMounts = join(repository, 'native/build/slot-mounts')
  asRoot([slotMounts, 'make', store, slots, '1', '700000', '65536'])
  t.teardown(() => asRoot([slotMounts, 'undo', slots]))
  const seen = (): string[] => readdirSync(join(slots, '0/images')).sort()

  nameInIndex(first)
  nameInIndex(second)
  nameInIndex(second)
  call('images', names, ['remove_old_images'])
  t.strictSame(seen(), [first, second, 'index.json', 'index.json.previous'])
  t.equal(readFileSync(join(slots, '0/images', first, 'rootfs/file'), 'utf8'), first)

  addImage(third)
  nameInIndex(third)
  call('images', names, ['remove_old_images'])
  t.strictSame(seen(), [second, third, 'index.json', 'index.json.previous'])
})
