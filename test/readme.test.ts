// Runs the commands of README.md and of the pages of docs/ named below that are marked `<!-- tested: … -->`, as they stand
// there (but for the name of the instance), and looks for what the mark names. All share the beginning in README.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { address, instance, openTenant } from './stack.js'
import { read } from './tidy-source.js'

type Command = { readonly expected: string; readonly text: string }

/** Fenced shell blocks right after a mark. */
function commands(document: string): Command[] {
  const blocks = document.matchAll(/<!-- tested: (.+?) -->\s*\n\s*```sh\n([\s\S]*?)```/g)
  return [...blocks].map(([, expected = '', text = '']) => ({
    expected,
    text: text.replace(/^ +/gm, ''),
  }))
}

const directory = mkdtempSync(join(tmpdir(), 'stockade-readme-'))
const keyFile = join(directory, 'key')
writeFileSync(keyFile, `${openTenant('readme').key}\n`, { mode: 0o600 })
/** The page for CI speaks of what the preset `ci` gives. */
const ciKeyFile = join(directory, 'ci-key')
writeFileSync(ciKeyFile, `${openTenant('readme-ci', 'ci').key}\n`, { mode: 0o600 })
t.teardown(() => rmSync(directory, { recursive: true }))

const readme = commands(read('README.md'))
const receipt = commands(read('docs/receipt.md'))
const tenants = commands(read('docs/tenants.md'))
const audit = commands(read('docs/audit.md'))
const ci = commands(read('docs/ci.md'))
const hooks = ['docs/webhooks.md', 'docs/batches.md'].flatMap((page) => commands(read(page)))
const graders = commands(read('docs/graders.md'))
const all = [...readme, ...ci, ...graders, ...receipt, ...tenants, ...audit, ...hooks]
const setup = all.filter(({ expected }) => expected === 'setup').map(({ text }) => text)
const tested = all.filter(({ expected }) => expected !== 'setup')

t.ok(setup.length > 0 && readme.length > 10, `${tested.length} commands are marked`)
t.ok(receipt.length >= 3, 'those of receipts too')
t.ok(tenants.length >= 8, 'and those of tenants')
t.ok(audit.length >= 2, 'and of the audit log')
t.ok(ci.length >= 4, 'and those for CI')
t.ok(graders.length >= 2, 'and of graders')

/** The page means the instance of its reader; a tenant’s name is never given out twice. */
const forInstance = (text: string): string =>
  text.replaceAll(/\.\/stockade (tenant|key|usage)\b/g, `./stockade $1 --instance ${instance}`)
const tenantName = `acme-${process.pid}-${Date.now()}`

for (const command of tested) {
  const { expected, text } = command
  t.test(text.trim().slice(0, 100), (t) => {
    const run = spawnSync('bash', ['-c', [...setup, forInstance(text)].join('\n')], {
      encoding: 'utf8',
      env: {
        ...process.env,
        STOCKADE_ADDRESS: address,
        STOCKADE_INSTANCE: instance,
        STOCKADE_KEY_FILE: ci.includes(command) ? ciKeyFile : keyFile,
        TMPDIR: directory, // where the example of receipts makes a directory of its own
        TENANT: tenantName,
      },
      timeout: 60_000,
    })
    t.equal(run.status, 0, run.stderr)
    t.ok(run.stdout.includes(expected), `prints ${expected}: ${run.stdout.slice(0, 1500)}`)
    t.end()
  })
}
