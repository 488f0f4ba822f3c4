// Row 91, zip slip. Archives are not taken in this version; files[] is the way in, and its paths are an archive's paths.
import { normalize, resolve } from 'node:path'
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant } from '../../stack.js'

const refused = [
  '../x',
  '../../../../tmp/x',
  '/tmp/x',
  '/etc/passwd',
  'a/../../x',
  'a/../b',
  './x',
  'a/./b',
  'a//b',
  'a/',
  '/',
  '.',
  '..',
  '',
  'a\nb',
  'a\rb',
  'a\u0000b',
  'a\tb',
  '\u001b[2Jx',
  'x'.repeat(256),
  `${'d/'.repeat(600)}x`,
  '..\\..\\x\u0000',
  '\ud800',
]
const kept = [
  'a.txt',
  'deep/er/still/b.txt',
  'with space',
  'имя.txt',
  '-rf',
  '...',
  '..a',
  'a..b',
  '$(id)',
  '`id`',
  ';id',
  'C:x',
  'con',
  '*',
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const marker = '/tmp/stockade-slip'
  asRoot(['rm', '-f', marker])
  const escaping = [...refused, `../../../..${marker}`].filter(
    (path) => !resolve('/base/work', normalize(path)).startsWith('/base/work/'),
  )
  t.ok(
    escaping.length >= 8,
    `control: a naive join leads ${escaping.length} of them out of the workspace`,
  )
  for (const path of [...refused, `../../../..${marker}`, marker]) {
    const answer = await tenant.request('POST', '/v1/jobs?wait=30', {
      language: 'bash',
      source: 'true',
      files: [{ path, content: 'x' }],
    })
    t.ok(
      answer.status === 400 || answer.status === 403,
      `${JSON.stringify(path).slice(0, 40)} is refused, with ${answer.status}`,
    )
  }
  t.throws(() => asRoot(['ls', marker]), 'the marker was never made')
  const files = kept.map((path) => ({ path, content: `content of ${path}` }))
  const job = await tenant.run({
    language: 'bash',
    source:
      'shopt -s globstar dotglob; for f in **; do [ ! -f "$f" ] || [ "$f" = main.sh ] || printf "%s\\n" "$(cat -- "$f")"; done',
    files,
  })
  const lines = outputOf(job).toString().trim().split('\n').sort()
  t.same(
    lines,
    kept.map((path) => `content of ${path}`).sort(),
    `odd but honest names arrive as they are; ${accountOf(job)}`,
  )
}
