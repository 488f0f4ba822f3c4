// Every job has its ids remapped; there is no opting out.
import { quote, type Rule } from './rule.js'

export const usernsRemap: Rule = {
  id: 'userns-remap',
  title: 'User namespace always',
  why: 'Without remapping root inside is root of the host (CIS Docker 2.9 and 5.31; CVE-2019-5736 was harmless to remapped hosts).',
  fields: ['/namespaces/user'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.namespaces
          .filter((asked) => asked.kind === 'user' && asked.value !== 'private')
          .map((asked) => ({
            pointer: asked.pointer,
            message: `${quote(asked.value)}: each job has a user namespace and an id range of its own. Only "private" is possible.`,
          })),
    },
  ],
  fixtures: {
    allow: [{ namespaces: { user: 'private' } }],
    deny: [
      { namespaces: { user: 'host' } },
      { namespaces: { user: 'HOST' } },
      { namespaces: { user: 'keep-id' } },
    ],
  },
}
