// Nobody is privileged: no grant can say otherwise.
import type { Rule } from './rule.js'

export const privileged: Rule = {
  id: 'privileged',
  title: 'No privileged jobs',
  why: 'A privileged container is root on the host (CIS Docker 5.5; Kubernetes pod security, baseline).',
  fields: ['/privileged'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.privileged?.value === true
          ? [
              {
                pointer: ask.privileged.pointer,
                message: 'privileged is true; nobody gets it. Leave it out.',
              },
            ]
          : [],
    },
  ],
  fixtures: { allow: [{ privileged: false }], deny: [{ privileged: true }] },
}
