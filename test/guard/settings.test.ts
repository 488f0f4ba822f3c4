// guard.yaml: the example of docs/guard.md is taken, and what could be a slip of the pen is not.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readGuardSettings } from '../../guard/guard-settings.js'
import { repository } from '../tidy-source.js'

const directory = mkdtempSync(join(tmpdir(), 'guard-settings-'))
t.teardown(() => rmSync(directory, { recursive: true }))

function read(text: string) {
  const path = join(directory, 'guard.yaml')
  writeFileSync(path, text)
  return readGuardSettings(path)
}

t.test('the example of the documentation', (t) => {
  const page = readFileSync(join(repository, 'docs/guard.md'), 'utf8')
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const settings = read(example)
  t.equal(settings.engine, 'unix:///run/docker.sock')
  t.same(Object.keys(settings.tenants), ['acme', 'other'])
  t.same(settings.tenants.acme?.ports, { address: '127.0.0.1', first: 20000, last: 20099 })
  t.end()
})

const wrong: Readonly<Record<string, string>> = {
  'an unknown word': 'engine: unix:///x\ntenants: {}\ntenant: {}\n',
  'no engine': 'tenants: {}\n',
  'an engine by TCP': 'engine: tcp://127.0.0.1:2375\ntenants: {}\n',
  'a tenant without a grant': 'engine: unix:///x\ntenants: { acme: {} }\n',
  'a tenant with a point in its name': 'engine: unix:///x\ntenants: { a.b: { grant: platform } }\n',
  'a port of two tenants':
    'engine: unix:///x\ntenants:\n  a: { grant: platform, ports: { address: 127.0.0.1, first: 2000, last: 2010 } }\n  b: { grant: platform, ports: { address: 127.0.0.1, first: 2010, last: 2020 } }\n',
  'a privileged port':
    'engine: unix:///x\ntenants: { a: { grant: platform, ports: { address: 127.0.0.1, first: 80, last: 80 } } }\n',
}

for (const [name, text] of Object.entries(wrong)) {
  t.test(name, (t) => {
    t.throws(() => read(text), { message: /guard\.yaml: / })
    t.end()
  })
}

t.test('a key that is there twice', (t) => {
  t.throws(() => read('engine: unix:///x\nengine: unix:///y\ntenants: {}\n'))
  t.end()
})
