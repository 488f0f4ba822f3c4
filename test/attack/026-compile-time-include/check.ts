// Row 26, DMOJ #318: a compiler that reads files for its source. The compile step is a job like any other: what it can include lies
// inside, and `/etc/shadow` is the image's, which holds no password.
import type { Test } from 'tap'
import { accountOf, asRoot, type Tenant, tryAsRoot } from '../../stack.js'
import { type Canary, makeCanary, secret } from '../canary.js'

/** Sources that put a file into the program, or into the compiler's messages. */
const sources: Readonly<Record<string, (path: string) => string>> = {
  '#include': (path) => `#include "${path}"\nint main(void) { return 0; }\n`,
  '#include <>': (path) => `#include <../../../../..${path}>\nint main(void) { return 0; }\n`,
  '.incbin': (path) =>
    `__asm__(".section .rodata\\nstart: .incbin \\"${path}\\"\\nend: .byte 0\\n.text\\n");\n` +
    'extern const char start[]; int puts(const char *); int main(void) { puts(start); return 0; }\n',
  '.include': (path) => `__asm__(".include \\"${path}\\"");\nint main(void) { return 0; }\n`,
}

function compileOnHost(source: string): string {
  const command =
    'cd "$(mktemp -d)" && cat > main.c && gcc -no-pie main.c -o program 2>&1; [ ! -x program ] || ./program; rm -rf "$PWD"'
  return asRoot(['sh', '-c', command], source)
}

async function include(t: Test, tenant: Tenant, canary: Canary): Promise<void> {
  const file = `${canary.directory}/file`
  for (const [name, sourceOf] of Object.entries(sources)) {
    const said = compileOnHost(sourceOf(file))
    // A message quotes the text, or names its words.
    t.match(said, /canary/, `outside: ${name} brings the file in`)
    const before = canary.state()
    for (const language of ['c', 'cpp'])
      for (const uid of [1000, 0]) {
        const job = await tenant.run({ language, source: sourceOf(file), user: { uid, gid: uid } })
        t.equal(job.outcome, 'compile-error', `${language}, uid ${uid}, ${name}: ${accountOf(job)}`)
        t.match(
          JSON.stringify(job),
          /No such file|can't open|file not found/i,
          'the file is not there',
        )
        t.notOk(JSON.stringify(job).includes(secret))
      }
    t.equal(canary.state(), before, `${name}: the file was not even read`)
  }
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const canary = makeCanary()
  try {
    asRoot(['touch', '-a', '-d', '3 days ago', `${canary.directory}/file`])
    await include(t, tenant, canary)
  } finally {
    canary.destroy()
  }
  const shadow = tryAsRoot(['sh', '-c', "grep -c '^[^:]*:[$]' /etc/shadow"]).stdout
  for (const path of ['/etc/shadow', '/proc/1/environ', '/proc/1/mem']) {
    const source = sources['.incbin']?.(path) ?? ''
    const job = await tenant.run({ language: 'c', source, user: { uid: 1000, gid: 1000 } })
    t.equal(job.outcome, 'compile-error', `uid 1000: ${path} cannot be included; ${accountOf(job)}`)
    const asInnerRoot = await tenant.run({ language: 'c', source, user: { uid: 0, gid: 0 } })
    t.notMatch(
      JSON.stringify(asInnerRoot),
      /:\$[0-9a-z]+\$/,
      `root inside: no password comes from ${path} (the host’s has ${shadow.trim()})`,
    )
  }
}
