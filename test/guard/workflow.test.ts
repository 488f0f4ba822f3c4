// A day's work with the real client of Docker through the guard: what it prints and answers is what it prints and answers on the bare engine,
// and two tenants who use the same names see nothing of each other.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run, type Said, startGuard } from './live-guard.js'

const guard = await startGuard()
t.teardown(() => guard.end())
const { engine } = guard

const acme = (...words: string[]): Promise<Said> => guard.docker('acme', words)
const other = (...words: string[]): Promise<Said> => guard.docker('other', words)
const bare = (...words: string[]): Promise<Said> =>
  run(guard.client, ['--host', `unix://${engine.socket}`, ...words])

/** Ids and times of day differ from one run to the next, and are no meaning. */
const meaning = ({ code, out, err }: Said) => ({
  code,
  out: out.replace(/\b[0-9a-f]{12,64}\b/g, 'ID').replace(/\d+ (milli)?seconds?( ago)?/g, 'TIME'),
  err: err.replace(/\b[0-9a-f]{12,64}\b/g, 'ID'),
})

/** The same words to the bare engine and through the guard, and the same meaning of what comes back. */
async function same(t: Test, ...words: string[]): Promise<void> {
  const [expected, found] = [await bare(...words), await acme(...words)]
  t.same(meaning(found), meaning(expected), words.join(' '))
}

t.test('run, in its common forms', async (t) => {
  await same(t, 'run', '--rm', 'base', '/bin/echo', 'hello')
  await same(t, 'run', '--rm', 'base', '/bin/sh', '-c', 'echo out; echo err >&2; exit 7')
  await same(t, 'run', '--rm', '-e', 'A=b', 'base', '/bin/sh', '-c', 'echo $A')
  await same(t, 'run', '--rm', '-w', '/usr', 'base', '/bin/sh', '-c', 'pwd')
  await same(t, 'run', '--rm', '--hostname', 'here', 'base', '/bin/cat', '/etc/hostname')
  await same(t, 'run', '--rm', 'base', '/no/such')
  await same(t, 'run', '--rm', '--tmpfs', '/t', 'base', '/bin/sh', '-c', 'echo x > /t/x; cat /t/x')
  await same(t, 'run', '--rm', '--network', 'none', 'base', '/bin/ls', '/sys/class/net')
  const through = await guard.docker(
    'acme',
    ['run', '--rm', '-i', 'base', '/bin/cat'],
    'by standard input\n',
  )
  t.same(through, { code: 0, out: 'by standard input\n', err: '' })
  const terminal = await run('script', [
    '-qec',
    `${guard.client} --host unix://${guard.socketOf('acme')} run --rm -it base /bin/sh -c "echo by terminal"`,
    '/dev/null',
  ])
  t.match(terminal.out, /by terminal\r\n/)
})

t.test('the life of a container', async (t) => {
  const id = (
    await acme(
      'run',
      '-d',
      '--name',
      'web',
      '-v',
      'data:/data',
      'base',
      '/bin/sh',
      '-c',
      'echo kept > /data/x; echo ready; exec sleep 3600',
    )
  ).out.trim()
  t.match(id, /^[0-9a-f]{64}$/)
  t.equal((await acme('ps', '--format', '{{.Names}} {{.Image}}')).out, 'web base\n')
  t.equal(
    (await acme('inspect', '--format', '{{.Name}} {{.State.Status}}', 'web')).out,
    '/web running\n',
  )
  t.equal((await acme('logs', 'web')).out, 'ready\n')
  t.match((await acme('top', 'web')).out, /sleep 3600/)
  t.match((await acme('stats', '--no-stream', '--format', '{{.Name}}', 'web')).out, /^web$/m)
  t.match((await acme('diff', 'web')).out, /data/)
  t.equal((await acme('pause', 'web')).code, 0)
  t.equal((await acme('ps', '--filter', 'status=paused', '-q')).out.trim(), id.slice(0, 12))
  t.equal((await acme('unpause', 'web')).code, 0)
  t.equal((await acme('rename', 'web', 'site')).code, 0)
  t.equal((await acme('ps', '--filter', 'name=^/site$', '--format', '{{.Names}}')).out, 'site\n')
  t.equal((await acme('restart', '-t', '0', 'site')).code, 0)
  t.equal((await acme('stop', '-t', '0', 'site')).code, 0)
  t.equal((await acme('wait', 'site')).out, '137\n')
  t.equal((await acme('start', 'site')).out, 'site\n')
  t.equal((await acme('kill', 'site')).code, 0)
  t.equal((await acme('rm', '-f', 'site')).out, 'site\n')
  const kept = await acme('run', '--rm', '-v', 'data:/data', 'base', '/bin/cat', '/data/x')
  t.equal(kept.out, 'kept\n', 'a named volume outlives it')
})

t.test('exec and update', async (t) => {
  await acme('run', '-d', '--name', 'busy', 'base', '/bin/sleep', '3600')
  t.equal((await acme('exec', 'busy', '/bin/sh', '-c', 'exit 9')).code, 9)
  t.equal((await guard.docker('acme', ['exec', '-i', 'busy', '/bin/cat'], 'in\n')).out, 'in\n')
  t.equal((await acme('exec', '-e', 'A=b', 'busy', '/bin/printenv', 'A')).out, 'b\n')
  t.equal((await acme('exec', '-d', 'busy', '/bin/true')).code, 0)
  t.match((await acme('exec', '--privileged', 'busy', '/bin/true')).err, /privileged/)
  t.equal((await acme('update', '--memory', '64m', '--memory-swap', '64m', 'busy')).out, 'busy\n')
  await acme('rm', '-f', 'busy')
})

t.test('volumes and networks of one’s own making', async (t) => {
  t.equal((await acme('volume', 'create', 'made')).out, 'made\n')
  t.match((await acme('volume', 'ls', '--format', '{{.Name}}')).out, /^made$/m)
  t.equal((await acme('volume', 'rm', 'made')).out, 'made\n')
  t.equal((await acme('network', 'create', 'wires')).code, 0)
  await acme('run', '-d', '--name', 'wired', 'base', '/bin/sleep', '3600')
  t.equal((await acme('network', 'connect', 'wires', 'wired')).code, 0)
  const names = [
    'inspect',
    '--format',
    '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}',
    'wired',
  ]
  t.equal((await acme(...names)).out, 'bridge wires \n')
  t.equal((await acme('network', 'disconnect', 'wires', 'wired')).code, 0)
  await acme('rm', '-f', 'wired')
  t.equal((await acme('network', 'rm', 'wires')).out, 'wires\n')
})

t.test('images of one’s own making', async (t) => {
  await acme('run', '--name', 'changed', 'base', '/bin/sh', '-c', 'echo mine > /usr/mine')
  t.equal((await acme('commit', 'changed', 'kept:1')).code, 0)
  t.equal((await acme('run', '--rm', 'kept:1', '/bin/cat', '/usr/mine')).out, 'mine\n')
  t.equal((await acme('tag', 'kept:1', 'kept:2')).code, 0)
  t.match((await acme('images', '--format', '{{.Repository}}:{{.Tag}}', 'kept')).out, /^kept:2$/m)
  t.match((await acme('history', 'kept:1')).code, 0)
  t.equal(
    (await other('run', '--rm', 'kept:1', '/bin/true')).code,
    125,
    'it is not the other tenant’s',
  )
  t.equal((await acme('rm', 'changed')).code, 0)
  t.match((await acme('rmi', 'kept:1', 'kept:2')).out, /Untagged: kept:2/)
  await acme('create', '--name', 'whole', 'base', '/bin/true')
  await acme('export', '-o', join(engine.directory, 'root'), 'whole')
  t.equal((await acme('import', join(engine.directory, 'root'), 'brought:1')).code, 0)
  t.equal((await acme('run', '--rm', 'brought:1', '/bin/echo', 'brought')).out, 'brought\n')
  await acme('rm', 'whole')
  t.equal((await acme('rmi', 'brought:1')).code, 0)
})

t.test('files in and out', async (t) => {
  const file = join(engine.directory, 'file')
  writeFileSync(file, 'copied\n')
  await acme('create', '--name', 'files', 'base', '/bin/cat', '/usr/file')
  t.equal((await acme('cp', file, 'files:/usr/file')).code, 0)
  const out = join(engine.directory, 'out')
  t.equal((await acme('cp', 'files:/usr/file', out)).code, 0)
  t.equal((await run('cat', [out])).out, 'copied\n')
  t.equal((await acme('start', '-a', 'files')).out, 'copied\n')
  t.match((await acme('export', '-o', join(engine.directory, 'tar'), 'files')).code, 0)
  t.match((await run('tar', ['tf', join(engine.directory, 'tar')])).out, /^usr\/file$/m)
  await acme('rm', 'files')
})

t.test('volumes, networks and images by their own names', async (t) => {
  t.match((await acme('volume', 'ls', '--format', '{{.Name}}')).out, /^data$/m)
  t.equal(
    (await acme('volume', 'inspect', '--format', '{{.Name}}{{.Mountpoint}}', 'data')).out,
    'data\n',
  )
  t.match((await acme('network', 'ls', '--format', '{{.Name}}')).out, /^bridge$/m)
  t.equal((await acme('images', '--format', '{{.Repository}}:{{.Tag}}')).out, 'base:latest\n')
  t.equal((await acme('rmi', 'base')).code, 1, 'the operator’s image stays')
  t.equal((await acme('system', 'df')).code, 0)
  t.match((await acme('info', '--format', '{{.Name}} {{.Containers}}')).out, /^acme \d+$/m)
  t.match(
    (
      await acme(
        'events',
        '--since',
        '10m',
        '--until',
        '0s',
        '--format',
        '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}',
      )
    ).out,
    /container die web|container die site/,
  )
})

t.test('two tenants, the same names', async (t) => {
  for (const as of [acme, other]) {
    t.equal(
      (await as('run', '-d', '--name', 'same', '-v', 'same:/d', 'base', '/bin/sleep', '3600')).code,
      0,
    )
  }
  const ids = [
    (await acme('ps', '-q', '--no-trunc')).out.trim(),
    (await other('ps', '-q', '--no-trunc')).out.trim(),
  ]
  t.not(ids[0], ids[1])
  const [mine = '', theirs = ''] = ids
  t.match(
    (await other('inspect', mine)).err,
    /No such (object|container)/i,
    'by its id it is not there',
  )
  t.match((await acme('rm', '-f', theirs)).err, /No such container/)
  t.equal((await acme('exec', theirs, '/bin/true')).code, 1)
  t.equal((await acme('logs', theirs)).code, 1)
  t.equal((await acme('run', '--rm', '--volumes-from', theirs, 'base', '/bin/true')).code, 125)
  t.equal(
    (await acme('run', '--rm', '--network', `container:${theirs}`, 'base', '/bin/true')).code,
    125,
  )
  await acme('run', '--rm', '-v', 'same:/d', 'base', '/bin/sh', '-c', 'echo acme > /d/x')
  t.equal(
    (await other('run', '--rm', '-v', 'same:/d', 'base', '/bin/ls', '/d')).out,
    '',
    'their volumes of one name are two',
  )
  t.equal((await acme('tag', 'base', 'other.stockade/docker.io/library/base:x')).code, 0)
  t.notMatch((await other('images')).out, /\bx\b/, 'another’s name for an image is one’s own name')
  t.match((await acme('container', 'prune', '-f')).out, /Total reclaimed/)
  t.equal((await other('ps', '-q', '--no-trunc')).out.trim(), theirs, 'and stay theirs')
  const events = await other('events', '--since', '10m', '--until', '0s', '--format', '{{json .}}')
  t.notMatch(events.out, new RegExp(mine), 'no event of another')
  await Promise.all([acme('rm', '-f', '-v', 'same'), other('rm', '-f', '-v', 'same')])
})

t.test('what every container has, asked or not', async (t) => {
  await acme('create', '--name', 'kept', 'base', '/bin/true')
  const text = engine.docker('inspect', 'acme.kept')
  const [{ HostConfig: host, Config: config }] = JSON.parse(text) as [
    { HostConfig: Record<string, unknown>; Config: { Labels: Record<string, string> } },
  ]
  t.equal(config.Labels['stockade.tenant'], 'acme')
  t.ok((host.SecurityOpt as string[]).some((option) => option.startsWith('no-new-privileges')))
  t.ok(
    (host.SecurityOpt as string[]).some((option) => option.startsWith('seccomp={')),
    'a profile of ours',
  )
  t.same(host.CapDrop, ['ALL'])
  t.ok(Number(host.Memory) > 0 && host.Memory === host.MemorySwap, 'memory, and no swap')
  t.ok(Number(host.PidsLimit) > 0)
  t.match(host.NetworkMode, 'acme.default')
  const [network] = JSON.parse(engine.docker('network', 'inspect', 'acme.default')) as [
    { Options: Record<string, string> },
  ]
  t.equal(network?.Options['com.docker.network.bridge.enable_icc'], 'false')
  const shown = await acme('inspect', 'kept')
  t.notMatch(shown.out, /stockade\.tenant|acme\.|guard-engine/, 'and nothing of the engine’s shows')
  await acme('rm', 'kept')
})

t.test('a refusal says by which rule, in Docker’s own way', async (t) => {
  const privileged = await acme('run', '--rm', '--privileged', 'base', '/bin/true')
  t.equal(privileged.code, 125)
  t.match(privileged.err, /Error response from daemon: .*privileged/s)
  const bound = await acme('run', '--rm', '-v', '/:/host', 'base', '/bin/true')
  t.equal(bound.code, 125)
  t.match(bound.err, /host-path|mount-grant/)
  t.match(guard.log(), /"rules":\[[^\]]*"privileged"/)
})
