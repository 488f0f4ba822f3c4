// Runs the commands of the pages below that are marked `<!-- tested: … -->`, as they stand
// there (but for the name of the instance), and looks for what the mark names. All share the beginning in README.md.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { address, instance, openTenant } from './stack.js'
import { read } from './tidy-source.js'

type Command = { readonly expected: string; readonly text: string; readonly runsMax: number }

/** Runs of a command whose words may come a moment later than what they are about (`tested soon`). */
const soonRuns = 5

/** Fenced shell blocks right after a mark. */
function commands(document: string): Command[] {
  const blocks = document.matchAll(/<!-- tested( soon)?: (.+?) -->\s*\n\s*```sh\n([\s\S]*?)```/g)
  return [...blocks].map(([, soon, expected = '', text = '']) => ({
    expected,
    runsMax: soon === undefined ? 1 : soonRuns,
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

/** The pages, and how many commands each has at least. */
const pages = {
  'README.md': 11,
  'docs/ci.md': 5,
  'docs/graders.md': 3,
  'docs/agents.md': 1,
  'docs/receipt.md': 3,
  'docs/tenants.md': 8,
  'docs/audit.md': 2,
  'docs/webhooks.md': 1,
  'docs/batches.md': 1,
} as const
const all = Object.entries(pages).flatMap(([page, least]) => {
  const marked = commands(read(page))
  t.ok(marked.length >= least, `${page}: ${marked.length} commands are marked`)
  return marked.map((command) => ({ ...command, page }))
})
const setup = all.filter(({ expected }) => expected === 'setup').map(({ text }) => text)
const tested = all.filter(({ expected }) => expected !== 'setup')
t.ok(setup.length > 0)

/** The page means the instance of its reader; a tenant’s name is never given out twice. */
const forInstance = (text: string): string =>
  text.replaceAll(/\.\/stockade (tenant|key|usage)\b/g, `./stockade $1 --instance ${instance}`)
const tenantName = `acme-${process.pid}-${Date.now()}`

function runInShell(text: string, key: string): SpawnSyncReturns<string> {
  return spawnSync('bash', ['-c', [...setup, forInstance(text)].join('\n')], {
    encoding: 'utf8',
    env: {
      ...process.env,
      STOCKADE_ADDRESS: address,
      STOCKADE_INSTANCE: instance,
      STOCKADE_KEY_FILE: key,
      TMPDIR: directory, // where the example of receipts makes a directory of its own
      TENANT: tenantName,
    },
    timeout: 60_000,
  })
}

for (const { expected, text, page, runsMax } of tested) {
  t.test(text.trim().slice(0, 100), (t) => {
    const key = page === 'docs/ci.md' ? ciKeyFile : keyFile
    let run = runInShell(text, key)
    for (let more = 1; more < runsMax && !run.stdout.includes(expected); more++)
      run = runInShell(text, key)
    t.equal(run.status, 0, run.stderr)
    t.ok(run.stdout.includes(expected), `prints ${expected}: ${run.stdout.slice(0, 1500)}`)
    t.end()
  })
}
