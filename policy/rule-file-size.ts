// Source and files fit the disk that the job has.
import { allowed, deny, type Judge, type Rule } from './rule.js'
import { quantity } from './wording.js'

/** Files live in memory, in whole pages. */
const pageBytes = 4096

const judge: Judge = (ask, { resolved }) => {
  const most = resolved.limits.diskBytes
  const contents = ask.files.map((file) => file.bytes)
  if (ask.sourceBytes !== null) contents.unshift(ask.sourceBytes)
  let total = 0
  for (const { value, pointer } of contents) {
    total += Math.ceil(value / pageBytes) * pageBytes
    if (total > most)
      return deny(
        pointer,
        `Here source and files, in pages of ${pageBytes} bytes, pass diskBytes: ${quantity('diskBytes', most)}.`,
      )
  }
  return allowed
}

export const fileSize: Rule = {
  id: 'file-size',
  title: 'Files within the disk',
  why: 'What does not fit could not be written, and the fault would look like ours.',
  references: ['CWE-770 (allocation without limits)'],
  allows: 'content within fileBytes and diskBytes',
  fields: ['/source', '/files/*/content', '/files/*/contentBase64'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'as large as the disk',
        job: { limits: { diskBytes: 65_536 }, files: [{ path: 'a', content: 'x'.repeat(61_440) }] },
      },
    ],
    deny: [
      {
        name: 'text',
        job: { limits: { diskBytes: 65_536 }, files: [{ path: 'a', content: 'x'.repeat(61_441) }] },
      },
      {
        name: 'bytes',
        job: {
          limits: { diskBytes: 65_536 },
          files: [{ path: 'a', contentBase64: 'AAAA'.repeat(20_481) }],
        },
      },
      { name: 'the source', job: { limits: { diskBytes: 65_536 }, source: 'é'.repeat(40_000) } },
    ],
  }),
}
