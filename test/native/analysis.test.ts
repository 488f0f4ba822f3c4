// Static analysis of native/: gcc's analyzer and clang-tidy (native/.clang-tidy) find nothing, and each finds what is put before it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { repository } from './seccomp-tools.js'

const native = join(repository, 'native')
const folder = mkdtempSync(join(tmpdir(), 'stockade-analysis-'))
t.teardown(() => rmSync(folder, { recursive: true }))

/** How clang-tidy has to read each part: as its Makefile compiles it. */
const parts = {
  addon: [
    '-std=c17',
    '-DNAPI_VERSION=8',
    '-isystem',
    '../../node_modules/node-api-headers/include',
  ],
  launcher: ['-std=gnu17', '-D_GNU_SOURCE'],
  'set-up': ['-std=c17'],
} as const

const mistake = join(folder, 'mistake.c')
writeFileSync(
  mistake,
  '#include <stdlib.h>\nvoid f(char *text);\nvoid f(char *text) {\n  free(text);\n  free(text);\n}\n',
)

type Ran = { status: number | null; said: string }

function run(program: string, words: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const hear = (bytes: Buffer): void => {
      said += bytes.toString()
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', () =>
      reject(new Error(`${program} is not installed: npm test installs it (test/packages.sh)`)),
    )
    child.on('close', (status) => resolve({ status, said }))
  })
}

t.test('gcc -fanalyzer', async (t) => {
  for (const part of Object.keys(parts)) {
    const build = join(folder, part)
    // Make wants a folder of its own: nothing of another build is up to date, so all of it is looked at.
    const words = ['-s', `build=${build}`, `BUILD=${build}`, 'CC=gcc -fanalyzer']
    const { status, said } = await run('make', words, join(native, part))
    t.equal(status, 0, `${part}\n${said}`)
  }
  const words = ['-fanalyzer', '-Werror', '-c', mistake, '-o', join(folder, 'mistake.o')]
  const control = await run('gcc', words, folder)
  t.not(control.status, 0, 'control: it finds a mistake')
  t.match(control.said, /analyzer-double-free/)
})

t.test('clang-tidy', async (t) => {
  const all = Object.entries(parts).flatMap(([part, flags]) =>
    readdirSync(join(native, part))
      .filter((name) => name.endsWith('.c'))
      .map((name) => ({ part, name, flags })),
  )
  t.ok(all.length > 40, `${all.length} files`)
  // One process a file: clang-tidy 14 invents findings in the second file that it reads. Two at a time.
  const look = async (): Promise<void> => {
    for (let next = all.pop(); next !== undefined; next = all.pop()) {
      const words = ['--quiet', next.name, '--', ...next.flags]
      const { status, said } = await run('clang-tidy', words, join(native, next.part))
      t.equal(status, 0, `${next.part}/${next.name}${status === 0 ? '' : `\n${said}`}`)
    }
  }
  await Promise.all([look(), look()])
  const config = `--config-file=${join(native, '.clang-tidy')}`
  const control = await run('clang-tidy', ['--quiet', config, mistake, '--'], folder)
  t.not(control.status, 0, 'control: it finds a mistake')
  t.match(control.said, /clang-analyzer-unix.Malloc/)
})
