// The AppArmor profile parses, and grants nothing it should not. That it bites is tested in the virtual machine,
// whose kernel has AppArmor.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { profilesFolder } from '../native/seccomp-tools.js'

const file = join(profilesFolder, 'apparmor', 'stockade-job')
const rules = readFileSync(file, 'utf8')
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'))

const parser = ['/usr/sbin/apparmor_parser', '/sbin/apparmor_parser'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
)
const abi = spawnSync('test', ['-e', '/etc/apparmor.d/abi/3.0']).status === 0
const skip = parser !== undefined && abi ? false : 'apparmor_parser is not installed'

/** Parses without a kernel or a cache: -Q skips the load, -K the cache. */
const parse = (input: string) => spawnSync(parser ?? '', ['-Q', '-K'], { input, encoding: 'utf8' })

t.test('it parses', { skip }, (t) => {
  const text = readFileSync(file, 'utf8')
  const good = parse(text)
  t.equal(good.status, 0, good.stderr)
  t.not(parse(text.replace('deny mount,', 'deny mouse,')).status, 0, 'control: a slip is found')
  t.end()
})

t.test('it grants no capability, mount, tracing or change of profile', (t) => {
  const granted = rules.filter((line) => !line.startsWith('deny '))
  const words =
    /^(audit )?(allow )?(capability|mount|remount|umount|pivot_root|userns|io_uring|change_profile|dbus|mqueue|rlimit|include|#include)\b/
  t.same(
    granted.filter((line) => words.test(line)),
    [],
  )
  t.same(
    granted.filter((line) => line.startsWith('ptrace')),
    ['ptrace (read, readby) peer=stockade-job,'],
  )
  t.same(granted.filter((line) => line.startsWith('network')).length, 5)
  t.notOk(granted.includes('network,'))
  t.end()
})
