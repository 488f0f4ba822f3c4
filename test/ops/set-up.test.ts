// What set-up is made of agrees with itself: images with languages, the doctor's report, the map with the folder.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repository } from '../tidy-source.js'

const lists = readdirSync(join(repository, 'ops/images')).map((name) => ({
  name,
  rows: readFileSync(join(repository, 'ops/images', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' ')),
}))
const languages = readdirSync(join(repository, 'profiles/languages')).map(
  (name) =>
    JSON.parse(readFileSync(join(repository, 'profiles/languages', name), 'utf8')) as {
      toolchain: string
    },
)

t.test('each language has exactly one image, and each image a language', async (t) => {
  const offered = lists.flatMap(({ rows }) =>
    rows.filter(([key]) => key === 'language').map(([, language]) => language),
  )
  t.strictSame(offered.toSorted(), [...new Set(languages.map(({ toolchain }) => toolchain))].sort())
})

t.test('an image list knows image, package and language lines only', async (t) => {
  for (const { name, rows } of lists) {
    t.strictSame(rows.filter(([key]) => key === 'image').length, 1, `${name}: one image`)
    for (const row of rows) {
      t.match(row[0], /^(image|package|language)$/, `${name}: ${row.join(' ')}`)
      t.equal(row.length, row[0] === 'language' ? 3 : 2, `${name}: ${row.join(' ')}`)
    }
  }
})

t.test('the map names every script', async (t) => {
  const map = readFileSync(join(repository, 'ops/README.md'), 'utf8')
  for (const name of readdirSync(join(repository, 'ops')).filter((name) => name.endsWith('.sh')))
    t.match(map, name.startsWith('services-') ? name : `\`${name}\``)
})

t.test('doctor reports every layer, as JSON too, and exits by what is missing', async (t) => {
  const { status, stdout } = spawnSync(join(repository, 'stockade'), ['doctor', '--json'], {
    encoding: 'utf8',
  })
  const report = JSON.parse(stdout) as {
    ready: boolean
    checks: { name: string; state: string; value: string; lost: string }[]
  }
  const names = report.checks.map(({ name }) => name)
  const kinds = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time']
  const layers = ['overlay-in-user-namespace', 'id-mapped-store', 'cgroup-version', 'cgroup-memory']
  for (const name of [...kinds.map((kind) => `${kind}-namespace`), ...layers])
    t.ok(names.includes(name), name)
  for (const name of ['seccomp', 'landlock', 'apparmor', 'receipt-key'])
    t.ok(names.includes(name), name)
  for (const { name, state, lost } of report.checks) {
    t.match(state, /^(ok|missing|advice)$/, name)
    t.equal(lost === '', state === 'ok', `${name}: says what is lost when it is not there`)
  }
  t.equal(report.ready, !report.checks.some(({ state }) => state === 'missing'))
  t.equal(status, report.ready ? 0 : 1)
})

t.test('a wrong command line is refused before anything is done', async (t) => {
  for (const line of [
    ['upp'],
    ['up', '--slots'],
    ['up', '--detatch'],
    ['key', 'delete'],
    ['down', '--json'],
    ['verify'],
    ['verify', 'a', 'b'],
    ['verify', '-', '--keys', 'x'],
    ['attestation'],
    ['attestation', 'remove'],
  ])
    t.equal(spawnSync(join(repository, 'stockade'), line).status, 2, line.join(' '))
  for (const name of ['../x', 'A', '1a', 'x'.repeat(24), 'a b'])
    t.equal(
      spawnSync(join(repository, 'stockade'), ['doctor', '--instance', name]).status,
      1,
      `instance ${JSON.stringify(name)}`,
    )
})
