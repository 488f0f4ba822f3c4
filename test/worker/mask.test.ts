// Secrets in output, as they are and encoded, whole and cut by the borders of pieces.
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { maskingOf, openMasker } from '../../worker/mask.js'

function maskerOf(...secrets: (string | Buffer)[]) {
  const masking = maskingOf(secrets.map((one) => Buffer.from(one as string)))
  if (masking === null) throw new Error('no secrets')
  return openMasker(masking)
}

function told(text: string | Buffer, pieceBytes: number, ...secrets: (string | Buffer)[]): string {
  const masker = maskerOf(...secrets)
  const bytes = Buffer.from(text as string)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes)
    pieces.push(Buffer.from(masker.push(bytes.subarray(at, at + pieceBytes))))
  pieces.push(masker.finish())
  return Buffer.concat(pieces).toString('latin1')
}

const secret = 'correct/horse+battery'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

const rows: readonly (readonly [name: string, text: string, expected: RegExp | string])[] = [
  ['as it is', `a ${secret} b`, 'a *** b'],
  ['twice in a row', `${secret}${secret}`, '******'],
  ['after its own beginning', `correct/hor${secret}`, 'correct/hor***'],
  ['in base64', `x ${base64(secret)} y`, 'x *** y'],
  ['in base64 of something longer', base64(`user:${secret}!`), /^.{0,8}\*\*\*.{0,8}$/],
  ['in base64 of something longer, at another place', base64(`us:${secret}!`), /\*\*\*/],
  ['in hexadecimal', Buffer.from(secret).toString('hex'), '***'],
  ['in capitals', Buffer.from(secret).toString('hex').toUpperCase(), '***'],
  ['in a URL', `?a=${encodeURIComponent(secret)}&b`, '?a=***&b'],
  ['a beginning at the very end', 'ends with correct/ho', 'ends with ***'],
  ['too little of it', 'cor', 'cor'],
  ['other text', 'correct/house', 'correct/house'],
]

for (const [name, text, expected] of rows)
  t.test(name, async (t) => {
    for (const pieceBytes of [1, 3, 7, 4096]) {
      const found = told(text, pieceBytes, secret)
      if (typeof expected === 'string') t.equal(found, expected, `pieces of ${pieceBytes}`)
      else t.match(found, expected, `pieces of ${pieceBytes}`)
    }
  })

t.test(
  'of two that begin alike the longer one is meant; with the end of a file or without',
  async (t) => {
    t.equal(told('password password1', 2, 'password', 'password1\n'), '*** ***')
  },
)

t.test('a key of several lines, whole, line by line and as base64 prints it', async (t) => {
  const key = `-----BEGIN KEY-----\n${randomBytes(48).toString('base64')}\n-----END KEY-----\n`
  const [, body = ''] = key.split('\n')
  t.equal(told(key.trim(), 5, key), '***')
  t.notOk(told(`  ${body}\r\n`, 5, key).includes(body))
  t.equal(told(JSON.stringify({ key }), 5, key), '{"key":"***"}')
  const printed = base64(key).replace(/(.{76})/g, '$1\n')
  for (const line of printed.split('\n').filter(({ length }) => length > 40))
    t.notOk(told(printed, 11, key).includes(line), line)
})

t.test('bytes that are no text are masked, and others left as they were', async (t) => {
  const bytes = randomBytes(32)
  const around = randomBytes(4096)
  const found = told(Buffer.concat([around, bytes, around]), 100, bytes)
  t.equal(found, `${around.toString('latin1')}***${around.toString('latin1')}`)
})
