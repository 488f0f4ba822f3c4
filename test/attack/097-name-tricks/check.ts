// Row 97: names that look like others, that shells or terminals act upon, or that other systems forbid: refused, or kept byte for byte.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'
import { activeLines } from '../terminal-text.js'

const refused = [
  'a\u0000b',
  'a\nb',
  'a\rb',
  'a\u0007b',
  'a\u001b[31mb',
  'a\u007fb',
  'a\u0080b',
  'a\u0085b',
  'a\u009bb',
  '..',
  'x/..',
  '../x',
  '/x',
  'x//y',
  './x',
  'x/.',
  'x/',
  '',
  'n'.repeat(256),
  'é'.repeat(128),
  `${'d/'.repeat(64)}x`,
  '\ud800',
  'a\udfffb',
]
const kept = [
  '-rf',
  '--help',
  '-',
  ' ',
  ' leading',
  'trailing ',
  'trailing.',
  '...',
  '~',
  '~root',
  '*',
  '?',
  '[a]',
  '{a,b}',
  '$HOME',
  '`id`',
  '$(id)',
  ';id',
  '&',
  '|',
  '>x',
  '#x',
  '!x',
  "'",
  '"',
  '\\',
  '\\..\\x',
  '%00',
  '%2e%2e%2fx',
  'CON',
  'nul.txt',
  'COM1',
  'C:',
  'file:x',
  'a:b',
  '.git',
  '.ssh',
  'con.',
  'n'.repeat(255),
  'é'.repeat(127),
  '\u202egpj.exe',
  'a\u200bb',
  '\ufeffx',
  'ﬁ',
  'Ａ',
  'é',
  'e\u0301',
  'İ',
  'ı',
  'K',
  '\u212a',
  '日本',
  '\u{1f600}',
  'a\u2028b',
  'a\u00a0b',
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const path of refused) {
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      files: [{ path, content: 'x' }],
    })
    t.ok(
      [400, 403].includes(answer.status),
      `${JSON.stringify(path).slice(0, 40)}: ${answer.status}`,
    )
    t.same(activeLines(answer.text), [], 'and the answer shows no control character')
  }
  const files = kept.map((path, n) => ({ path: `names/${path}`, content: String(n) }))
  const source =
    "import base64, os\nfor name in os.listdir(b'names'):\n  print(base64.b64encode(name).decode(), open(b'names/' + name).read())"
  for (const uid of [1000, 0]) {
    const job = await tenant.run({ language: 'python', source, files, user: { uid, gid: uid } })
    const seen = outputOf(job).toString().trim().split('\n').sort()
    const sent = kept.map((path, n) => `${Buffer.from(path).toString('base64')} ${n}`).sort()
    t.same(
      seen,
      sent,
      `uid ${uid}: each arrives byte for byte, twins as two files; ${accountOf(job).slice(0, 200)}`,
    )
  }
  t.equal(
    new Set(kept.map((name) => name.normalize('NFC'))).size,
    kept.length - 2,
    'control: some are twins to who normalises',
  )
}
