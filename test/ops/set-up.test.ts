// What set-up is made of agrees with itself: images with languages, the doctor's report, the map with the folder.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Settings } from '../../contract/config.js'
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

/** Sources set-up for an instance that is not there, with a settings file and a policy of services of the test's own, and runs a script. */
function call(settings: string, script: string, startPolicy = '/nonexistent'): string {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-set-up-'))
  writeFileSync(join(directory, 'stockade.yaml'), settings)
  const moved = `s|^readonly settings_file=.*|readonly settings_file=${directory}/stockade.yaml|; s|/usr/sbin/policy-rc.d|${startPolicy}|`
  const parts = ['instance', 'settings', 'packages', 'accounts', 'cgroups', 'redis', 'services']
  const text = [
    'set -euo pipefail',
    "instance=none-such address='' slots='' only=''",
    ...parts.map((part) => `source <(sed '${moved}' ops/${part}.sh)`),
    script,
  ].join('\n')
  const { status, stdout, stderr } = spawnSync('bash', ['-c', text], {
    cwd: repository,
    encoding: 'utf8',
  })
  rmSync(directory, { recursive: true })
  if (status !== 0) throw new Error(stderr)
  return stdout.trim()
}

t.test('a service has the time to end that the settings give its jobs', async (t) => {
  const secondsOf = (settings: string): string =>
    call(settings, 'for service in redis launcher worker api; do stop_seconds $service; done')
  const drainMs = (Settings.properties.drainMs as { default?: number }).default ?? 0
  t.equal(secondsOf('slots: 1'), `40\n${drainMs / 1000 + 15}\n${drainMs / 1000 + 15}\n40`)
  t.equal(secondsOf('drainMs: 120000'), '40\n135\n135\n40')
  t.equal(secondsOf('drainMs: 1 # quick'), '40\n16\n16\n40')
  t.throws(() => secondsOf('drainMs: soon'), /drainMs/)
  const unit = call(
    'drainMs: 120000',
    'node_binary=node; readlink() { echo /release; }; id() { echo 1; }; source ops/services-systemd.sh; service_definition worker; service_definition launcher',
  )
  t.equal(unit.match(/^TimeoutStopSec=135$/gm)?.length, 2, 'in the units of systemd')
})

t.test('the launcher is told how many sandboxes are to wait', async (t) => {
  const { waitingSlots, waitingRoomBytes } = Settings.properties as Record<
    'waitingSlots' | 'waitingRoomBytes',
    { default?: number }
  >
  t.equal(
    call('slots: 1', 'waiting_arguments'),
    `--waiting-slots ${waitingSlots.default} --waiting-room-bytes ${waitingRoomBytes.default}`,
  )
  t.equal(
    call('waitingSlots: 0 # none\nwaitingRoomBytes: 5', 'waiting_arguments'),
    '--waiting-slots 0 --waiting-room-bytes 5',
  )
  for (const wrong of ['waitingSlots: few', 'waitingRoomBytes: 1e9', 'waitingSlots: 010'])
    t.throws(() => call(wrong, 'waiting_arguments'), /waiting/, wrong)
})

t.test('settings are read as YAML has them', async (t) => {
  for (const [line, value] of [
    ["workerMetricsAddress: ''", ''],
    ['workerMetricsAddress: ""', ''],
    ["workerMetricsAddress: '' # nowhere", ''],
    ['workerMetricsAddress: 127.0.0.1:9 # there', '127.0.0.1:9'],
    ["workerMetricsAddress: '[::1]:9'", '[::1]:9'],
    ['workerMetricsAddress:', ''],
    ['other: 1', ''],
  ] as const)
    t.equal(call(line, 'setting workerMetricsAddress'), value, line)
})

t.test(
  'the metrics of the worker follow the address, unless they have one of their own',
  async (t) => {
    const settle = (settings: string): string =>
      call(settings, 'address=127.0.0.1:8000; settle_settings; echo "[$worker_metrics]"')
    const old = 'address: 127.0.0.1:7070\nslots: 1\n'
    t.equal(settle(''), '[127.0.0.1:8001]')
    t.equal(settle(old), '[127.0.0.1:8001]')
    t.equal(settle(`${old}workerMetricsAddress: 127.0.0.1:7071\n`), '[127.0.0.1:8001]')
    t.equal(settle(`${old}workerMetricsAddress: 127.0.0.1:9000\n`), '[127.0.0.1:9000]')
    t.equal(settle(`${old}workerMetricsAddress: ''\n`), '[]', 'nowhere stays nowhere')
  },
)

const noRunit = !existsSync('/usr/bin/runsvdir') && 'there is no runit: systemd supervises here'

t.test('a supervisor is root’s, not what says so of itself', { skip: noRunit }, async (t) => {
  const drop = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']
  const line = ['/usr/bin/env', '--chdir=/', 'runsvdir', '-P', '/var/lib/none-such/service']
  const [program = '', ...rest] = process.getuid?.() === 0 ? [...drop, ...line] : line
  const imitation = spawn(program, rest, { stdio: 'ignore' })
  t.teardown(() => imitation.kill())
  const byCommandLine = `pgrep -f -x 'runsvdir -P /var/lib/none-such/service'`
  const seen = (): string => spawnSync('sh', ['-c', byCommandLine], { encoding: 'utf8' }).stdout
  while (seen().trim() !== String(imitation.pid)) await new Promise(setImmediate)
  t.pass('its command line is right (control)')
  t.equal(call('slots: 1', 'echo "[$(supervisor_pid)]"'), '[]')
})

t.test(
  'no service of the host is started while packages are installed, nor ever after',
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'stockade-policy-'))
    t.teardown(() => rmSync(directory, { recursive: true }))
    const policy = join(directory, 'policy-rc.d')
    const install = (words: string): string => call('slots: 1', words, policy)
    t.equal(install(`without_service_starts sh -c '${policy}; echo $?'`), '101')
    t.notOk(existsSync(policy))
    // Killed in the middle, as by a loss of power: the next set-up removes it.
    install(`(without_service_starts sh -c 'kill -KILL $PPID') || true`)
    t.ok(existsSync(policy), 'it stays (control)')
    install('remove_start_policy')
    t.notOk(existsSync(policy))
    writeFileSync(policy, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    t.equal(install(`without_service_starts sh -c '${policy}; echo $?'`), '0', 'the operator’s own')
    install('remove_start_policy')
    t.ok(existsSync(policy), 'is left alone')
  },
)
