// Row 107: words for the compiler that run programs or read files. A caller has no field for them; what has one is an argument of the program,
// never of a shell or a compiler; and a compiler that is led on all the same runs in the sandbox.
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant, tryAsRoot } from '../../stack.js'

const words = [
  ';id',
  '$(id)',
  '`id`',
  '@/etc/passwd',
  '@file',
  '-wrapper',
  'sh,-c,id',
  '-B/work',
  '-fplugin=/work/evil.so',
  '--specs=/work/specs',
  '-Wl,-rpath,/',
  '-include',
  '/etc/passwd',
  '-o/etc/x',
  '&& id',
  '| id',
  '> /tmp/x',
  '\n',
  "'",
  '"',
  '\\',
  '*',
  '~',
  '%s',
  '',
]
const fields = [
  'compilerFlags',
  'compileFlags',
  'flags',
  'compilerOptions',
  'compiler_options',
  'compileArguments',
  'cflags',
  'options',
  'compile',
  'command_line_arguments',
]
const marker = '/tmp/stockade-compile-marker'

const echo =
  '#include <stdio.h>\nint main(int n, char **v) { for (int i = 1; i < n; i++) { fputs(v[i], stdout); putchar(0); } }\n'
const evilTool = `#!/bin/bash\necho ran > ${marker}; echo "evil tool as $(id -u) $(cat /etc/hostname)" >&2; exit 1\n`
const tools = ['cc1', 'as', 'ld', 'collect2', 'gcc', 'cpp', 'sh', 'specs'].map((path) => ({
  path,
  content: evilTool,
  mode: 0o755,
}))
const environments: readonly Record<string, string>[] = [
  { PATH: '/work:/usr/bin:/bin' },
  { COMPILER_PATH: '/work', GCC_EXEC_PREFIX: '/work/', LIBRARY_PATH: '/work', CPATH: '/work' },
  {
    LD_PRELOAD: '/work/evil.so',
    LD_LIBRARY_PATH: '/work',
    GCC_COMPARE_DEBUG: '1',
    COLLECT_GCC_OPTIONS: '-fplugin=/work/evil.so',
  },
  { DEPENDENCIES_OUTPUT: marker, SUNPRO_DEPENDENCIES: marker, TMPDIR: '/work' },
]

async function judgeLed(
  t: Test,
  tenant: Tenant,
  env: Record<string, string>,
  uid: number,
): Promise<void> {
  const user = { uid, gid: uid }
  const led = await tenant.run({ language: 'c', source: echo, files: tools, env, user })
  const label = `${JSON.stringify(env)}, uid ${uid}`
  t.match(led.outcome, /^(ok|compile-error|exit-nonzero|signalled)$/, `${label}: ${led.outcome}`)
  for (const step of led.steps) {
    t.equal(step.isolation?.noNewPrivileges, true, `${step.name}: sandboxed as any step`)
    t.equal(step.isolation?.seccomp.mode, 2)
  }
  t.not(tryAsRoot(['test', '-e', marker]).status, 0, 'nothing of it ran on the host')
}

const directives = [
  '__asm__(".include \\"/etc/shadow\\"");',
  '#include "/etc/shadow"',
  '__asm__(".incbin \\"/proc/1/environ\\"");',
  '#pragma GCC plugin "/work/evil.so"\n#include "/run/docker.sock"',
]

async function judgeDirectives(t: Test, tenant: Tenant): Promise<void> {
  const lines = asRoot(['cat', '/etc/shadow']).split('\n')
  const secrets = lines.filter((line) => line.includes('$'))
  for (const line of directives) {
    const source = `${line}\nint main(void) { return 0; }\n`
    const said = JSON.stringify(await tenant.run({ language: 'c', source }))
    const shown = secrets.some((secret) => said.includes(secret))
    t.notOk(shown, `${line}: nothing of the host is shown`)
  }
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  asRoot(['rm', '-f', marker])
  const line = `true ;echo ran > ${marker}; cat ${marker}; rm -f ${marker}`
  const shell = tryAsRoot(['sh', '-c', line])
  t.equal(shell.stdout, 'ran\n', 'outside: a word in a shell’s line is a command')
  for (const name of fields) {
    const body = { language: 'c', source: echo, [name]: words }
    const { status } = await tenant.request('POST', '/v1/jobs', body)
    t.equal(status, 400, `${name} is no field`)
  }
  const job = await tenant.run({ language: 'c', source: echo, arguments: words })
  const arrived = outputOf(job).toString().split('\0').slice(0, -1)
  t.same(arrived, words, `each word arrives as it is; ${accountOf(job).slice(0, 300)}`)
  for (const env of environments) for (const uid of [1000, 0]) await judgeLed(t, tenant, env, uid)
  await judgeDirectives(t, tenant)
}
