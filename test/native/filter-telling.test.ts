// The launcher rewrites a job's filter so that it tells of what it refuses. Nothing else may change: each form is compared with the
// program it was made from, and what the launcher does not understand is refused.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { compileSeccomp } from '../../native/seccomp.js'
import { everyCallProgram } from '../../native/seccomp-learn.js'
import { buildTools, compiled, profilesFolder, programFile, repository } from './seccomp-tools.js'

buildTools()
const directory = mkdtempSync(join(tmpdir(), 'stockade-telling-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const tool = join(directory, 'filter-telling')
execFileSync('cc', [
  ...[
    '-std=gnu17',
    '-D_GNU_SOURCE',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-O1',
    '-fsanitize=address,undefined',
  ],
  ...['-fno-sanitize-recover=all', '-o', tool],
  join(repository, 'test/native/filter-telling.c'),
  join(repository, 'native/launcher/filter_program.c'),
])

const run = (program: Buffer) => {
  const { status, stdout, stderr } = spawnSync(tool, [programFile(program)], { encoding: 'utf8' })
  return { status, stdout, stderr }
}
const deadly = compileSeccomp(
  {
    extends: 'default',
    remove: ['ptrace', 'bpf', 'keyctl'],
    syscalls: [
      { names: ['ptrace'], action: 'SCMP_ACT_KILL_PROCESS' },
      { names: ['bpf'], action: 'SCMP_ACT_KILL_THREAD' },
      { names: ['keyctl'], action: 'SCMP_ACT_TRAP' },
    ],
  },
  { profilesFolder },
)

const programs: readonly [string, Buffer][] = [
  ...['default', 'strict', 'build'].map((name): [string, Buffer] => [name, compiled(name).program]),
  ['one that ends processes', deadly.program],
  ['one that refuses every call', everyCallProgram()],
]
for (const [name, program] of programs) {
  t.test(`nothing but the telling changes: ${name}`, (t) => {
    const { status, stdout, stderr } = run(program)
    t.equal(status, 0, `${stdout}${stderr}`)
    t.ok(Number(stdout) > 100_000, `${stdout.trim()} calls were compared`)
    t.end()
  })
}

const instruction = (code: number, jt = 0, jf = 0, k = 0): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(code, 0)
  bytes.writeUInt8(jt, 2)
  bytes.writeUInt8(jf, 3)
  bytes.writeUInt32LE(k, 4)
  return bytes
}
const load = instruction(0x20)
const allow = instruction(0x06, 0, 0, 0x7fff0000)
const unknown: readonly [string, readonly Buffer[]][] = [
  ['no instruction', []],
  ['no load at its start', [allow]],
  ['no return at its end', [load, load]],
  ['a load past the data', [instruction(0x20, 0, 0, 64), allow]],
  ['a load at an odd place', [instruction(0x20, 0, 0, 2), allow]],
  ['a jump off its end', [load, instruction(0x15, 1, 0, 1), allow]],
  ['a long jump off its end', [load, instruction(0x05, 0, 0, 0xffffffff), allow]],
  ['a register that ours have not', [load, instruction(0x07), allow]],
  ['an answer that is computed', [load, instruction(0x16), allow]],
  ['no room in front', [load, ...Array<Buffer>(4095).fill(allow)]],
]
for (const [name, parts] of unknown) {
  t.test(`refused: ${name}`, (t) => {
    const { status, stderr } = run(Buffer.concat(parts))
    t.equal(status, 3, stderr)
    t.end()
  })
}
