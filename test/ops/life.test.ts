// The life of an instance of its own: set up, in use while a new release comes, gone without a trace.
import { execFile } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { Job } from '../../contract/result.js'
import { copyCheckout, ownInstance } from './own-checkout.js'

const own = ownInstance('life', 20)
// stack.ts reads these when it is loaded: this file has the instance to itself.
process.env.STOCKADE_TEST_INSTANCE = own.instance
process.env.STOCKADE_TEST_ADDRESS = own.address
const { accountOf, address, asRoot, instance, openTenant, persist, servicePid } = await import(
  '../stack.js'
)
const { findTraces, systemdTraces, traces } = await import('./traces.js')

const { directory: checkout, remove } = copyCheckout()
const named = ['--instance', instance]
const upWords = ['up', '--detach', '--address', address, '--slots', '2', ...named]
const stockade = (...words: string[]): string => asRoot([join(checkout, 'stockade'), ...words])
const releases = (): string[] =>
  readdirSync(`/opt/${instance}`).filter((name) => name.startsWith('release-'))

t.teardown(() => {
  stockade('down', '--purge', ...named)
  remove()
})

t.test('up leaves every kind of trace, which is the control of the search below', async (t) => {
  stockade(...upWords)
  const onSystemd = existsSync('/run/systemd/system')
  for (const kind of traces.filter((kind) => onSystemd || !systemdTraces.includes(kind)))
    t.not(findTraces(kind, instance), '', kind)
})

t.test('no job is lost while a new release takes the place of the old one', async (t) => {
  const tenant = openTenant('life')
  const [before] = releases()
  const ended: Job[] = []
  let upgraded = false
  const keepBusy = async (): Promise<void> => {
    while (!upgraded) {
      const { id } = await persist(() => tenant.submit({ language: 'bash', source: 'sleep 0.2' }))
      ended.push(await persist(() => tenant.finished(id)))
    }
  }
  const loops = [1, 2, 3].map(keepBusy)
  appendFileSync(join(checkout, 'ops/README.md'), '\n')
  await promisify(execFile)(join(checkout, 'stockade'), upWords)
  upgraded = true
  await Promise.all(loops)

  t.ok(ended.length > 0, `${ended.length} jobs`)
  t.strictSame(ended.filter(({ outcome }) => outcome !== 'ok').map(accountOf), [])
  t.equal(releases().length, 1, 'the old release is gone')
  t.not(releases()[0], before)
  for (const service of ['launcher', 'worker', 'api'] as const) {
    const command = asRoot(['cat', `/proc/${servicePid(service)}/cmdline`])
    t.match(command, `/${releases()[0]}/`, `${service} runs from the new release`)
  }
})

t.test('down --purge leaves nothing', async (t) => {
  stockade('down', '--purge', ...named)
  for (const kind of traces) t.equal(findTraces(kind, instance), '', kind)
})
