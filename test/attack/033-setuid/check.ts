// Row 33, on the host's side: no image holds a file that changes its user.
import type { Test } from 'tap'
import { asRoot, instance } from '../../stack.js'

const privileged = (folder: string): string =>
  asRoot(['sh', '-c', `find "$1" -xdev -type f -perm /6000 | head -5`, 'sh', folder])

export async function check(t: Test): Promise<void> {
  t.equal(privileged(`/var/lib/${instance}/images`), '', 'images have no set-uid or set-gid file')
  t.not(privileged('/usr'), '', 'control: the host has some')
  const withCapabilities = asRoot([
    'sh',
    '-c',
    `command -v getcap > /dev/null && getcap -r /var/lib/${instance}/images || true`,
  ])
  t.equal(withCapabilities.trim(), '', 'and none with file capabilities')
}
