// Files have plain permission bits.
import { type Denied, denyEach, type Judge, type Rule, replaceBy } from './rule.js'

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

/** The plain bits of what was asked. */
function plainBits({ pointer, ask }: Denied): number | undefined {
  const mode = ask.files.find((file) => file.mode?.pointer === pointer)?.mode
  return mode ? mode.value & permissionBits : undefined
}

export const fileMode: Rule = {
  id: 'file-mode',
  title: 'No set-uid files',
  why: 'A set-uid file is a request for another identity. It would gain nothing under no_new_privs; it is refused all the same.',
  references: [
    'CIS Docker 4.8 (set-uid programs)',
    'Kubernetes Pod Security, restricted: Privilege Escalation',
  ],
  allows: 'permission bits 0 to 0777 (511)',
  repair: (denied) => replaceBy(plainBits(denied)),
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
