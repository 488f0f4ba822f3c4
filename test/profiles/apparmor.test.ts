// The AppArmor profiles parse, and grant nothing they should not. That they bite is tested in the virtual machine, whose
// kernel has AppArmor.
import { execFileSync, spawnSync } from 'node:child_process'
import t from 'tap'
import { apparmorClasses } from '../../policy/apparmor-label.js'
import { repository } from '../tidy-source.js'

const inSetUp = (command: string): string =>
  execFileSync('bash', ['-c', `source ops/apparmor.sh && ${command}`], {
    cwd: repository,
    encoding: 'utf8',
  })

/** A profile as set-up makes it. */
const profileOf = (name: string): string => inSetUp(`apparmor_profile ${name}`)

const rulesOf = (name: string): string[] =>
  profileOf(name)
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')

/** Parses without a kernel or a cache: -Q skips the load, -K the cache. */
const parse = (input: string) =>
  spawnSync('apparmor_parser', ['-Q', '-K'], {
    input,
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/sbin' },
  })

t.test('set-up and policy name the same classes', (t) => {
  const words = inSetUp('declare -p apparmor_classes').matchAll(/"([^"]*)"/g)
  t.same(
    Array.from(words, (match) => match[1]),
    apparmorClasses,
  )
  t.end()
})

for (const name of apparmorClasses) {
  t.test(`${name}: it parses`, (t) => {
    const text = profileOf(name)
    t.match(text, new RegExp(`^profile stockade-job-${name} `, 'm'))
    const good = parse(text)
    t.equal(good.error, undefined, 'apparmor_parser, of the Debian package apparmor, is there')
    t.equal(good.status, 0, good.stderr)
    t.not(parse(text.replace('deny mount,', 'deny mouse,')).status, 0, 'control: a slip is found')
    t.end()
  })

  t.test(`${name}: it grants no capability, mount, tracing or change of profile`, (t) => {
    const granted = rulesOf(name).filter((line) => !line.startsWith('deny '))
    const words =
      /^(audit )?(allow )?(capability|mount|remount|umount|pivot_root|userns|io_uring|change_profile|dbus|mqueue|rlimit|include|#include)\b/
    t.same(
      granted.filter((line) => words.test(line)),
      [],
    )
    t.same(
      granted.filter((line) => line.startsWith('ptrace')),
      [`ptrace (read, readby) peer=stockade-job-${name},`],
    )
    const inet = ['inet stream', 'inet dgram', 'inet6 stream', 'inet6 dgram']
    t.same(
      granted.filter((line) => line.startsWith('network')),
      ['unix', ...(name === 'default' ? inet : [])].map((family) => `network ${family},`),
    )
    t.end()
  })
}
