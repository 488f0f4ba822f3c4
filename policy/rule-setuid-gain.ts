// Set-uid programs give nothing: no_new_privs is always on.
import type { Rule } from './rule.js'

export const setuidGain: Rule = {
  id: 'setuid-gain',
  title: 'No privilege through set-uid programs',
  why: 'CVE-2021-4034, CVE-2023-4911 and CVE-2025-32463 all needed a set-uid program that works (CIS Docker 5.26; Kubernetes allowPrivilegeEscalation).',
  fields: ['/allowSetuid'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.setuid?.value === true
          ? [
              {
                pointer: ask.setuid.pointer,
                message: 'allowSetuid is true; no_new_privs is on for every job. Leave it out.',
              },
            ]
          : [],
    },
  ],
  fixtures: { allow: [{ allowSetuid: false }], deny: [{ allowSetuid: true }] },
}
