// The launcher's parser and its whole conversation under a fuzzer that follows coverage: a bounded number of runs from the corpus, the same
// each time. A control with one over-read has to be found by the same means. `npm run fuzz` runs for as long as one likes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  buildLauncherTests,
  launcherBuildFolder,
  sanitizerOptions,
  testFolder,
} from './launcher-tools.js'

const folder = mkdtempSync(join(tmpdir(), 'stockade-fuzz-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function fuzz(target: string, corpus: string, runs: number) {
  const grown = mkdtempSync(join(folder, 'corpus-'))
  const words = [
    `-runs=${runs}`,
    '-seed=1',
    '-max_len=2048',
    `-dict=${join(testFolder, 'launcher-fuzz.dict')}`,
    `-artifact_prefix=${grown}-`,
    grown,
    join(testFolder, corpus),
  ]
  const { status, stderr } = spawnSync(join(launcherBuildFolder, target), words, {
    env: sanitizerOptions,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return { status, said: stderr.slice(-8000), full: stderr }
}

/** Enough for the control to be found twice over; about ten seconds together on a slow machine. */
const targets = [
  { name: 'plan', runs: 200_000, controlRuns: 400_000 },
  { name: 'stream', runs: 100_000, controlRuns: 200_000 },
] as const

t.test('clang is there', (t) => {
  const { error } = spawnSync('clang', ['--version'])
  const missing = 'clang is not installed: npm test installs it (test/packages.sh)'
  t.equal(error, undefined, error === undefined ? 'clang starts' : missing)
  if (error === undefined) buildLauncherTests('fuzzers')
  t.end()
})

for (const { name, runs, controlRuns } of targets) {
  const corpus = `${name}-corpus`

  t.test(`${name}: ${runs} runs from the corpus find nothing`, (t) => {
    const files = readdirSync(join(testFolder, corpus)).length
    t.ok(files >= 30, `${files} files in the corpus`)
    const { status, said, full } = fuzz(`fuzz-${name}`, corpus, runs)
    t.equal(status, 0, said)
    t.match(full, new RegExp(`#${runs}\\s+DONE`), 'all of them were made')
    t.end()
  })

  t.test(`${name}: the control is found, and not by the corpus alone`, (t) => {
    const control = `fuzz-${name}-control`
    t.equal(fuzz(control, corpus, 0).status, 0, 'no file of the corpus shows it')
    const { status, said, full } = fuzz(control, corpus, controlRuns)
    t.not(status, 0, said)
    t.match(full, /AddressSanitizer: heap-buffer-overflow/)
    t.end()
  })
}
