// Files have plain permission bits.
import { denyEach, type Judge, type Rule } from './rule.js'

const permissionBits = 0o777

const judge: Judge = (ask) =>
  denyEach(
    ask.files,
    (file) => file.mode?.pointer ?? file.path.pointer,
    ({ mode }) =>
      mode === null || (mode.value >= 0 && (mode.value & ~permissionBits) === 0)
        ? null
        : `Asked mode 0${mode.value.toString(8)}; set-uid, set-gid and sticky bits are not given, at most 0777 (511).`,
  )

export const fileMode: Rule = {
  id: 'file-mode',
  title: 'No set-uid files',
  why: 'A set-uid file is a request for another identity. It would gain nothing under no_new_privs; it is refused all the same.',
  fields: ['/files/*/mode'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'plain bits',
        job: {
          files: [
            { path: 'a', content: '', mode: 0o777 },
            { path: 'b', content: '', mode: 0 },
          ],
        },
      },
    ],
    deny: [
      { name: 'set-uid', job: { files: [{ path: 'a', content: '', mode: 0o4755 }] } },
      { name: 'set-gid', job: { files: [{ path: 'a', content: '', mode: 0o2755 }] } },
      { name: 'sticky', job: { files: [{ path: 'a', content: '', mode: 0o1777 }] } },
      { name: 'negative', job: { files: [{ path: 'a', content: '', mode: -1 }] } },
    ],
  }),
}
