// An engine whose root is the host's root: not fronted, unless the grant of each tenant says in words that this is accepted.
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { startEngine } from './engine.js'
import { spawnGuard } from './live-guard.js'

const engine = await startEngine([])
t.teardown(() => engine.end())
const grants = join(engine.directory, 'grants')
const settings = (grant: string, address = engine.socket): string =>
  `engine: unix://${address}\ntenants:\n  acme: { grant: ${grant} }\n`
const log = (): string => readFileSync(join(engine.directory, 'guard.log'), 'utf8')

mkdirSync(grants)
const docker = (shared: string): string => `extends: platform\ndocker: { sharedRoot: ${shared} }\n`
writeFileSync(join(grants, 'bare.yaml'), docker('root-in-a-container-is-root-on-this-host'))

t.test('it is refused', async (t) => {
  const [code] = await once(spawnGuard(engine.directory, settings('platform')), 'exit')
  t.equal(code, 2)
  t.match(log(), /root of this host: run it rootless or with userns-remap/)
})

t.test('an engine that is not there is said to be that', async (t) => {
  const [code] = await once(spawnGuard(engine.directory, settings('bare', '/nowhere')), 'exit')
  t.equal(code, 2)
  t.match(log(), /the engine at \/nowhere does not answer/)
})

t.test('with the words in the grant it is fronted', async (t) => {
  const guard = spawnGuard(engine.directory, settings('bare'))
  while (!log().includes('"listening"') && guard.exitCode === null) await setTimeout(50)
  t.equal(guard.exitCode, null, log())
  guard.kill('SIGTERM')
  await once(guard, 'exit')
})
