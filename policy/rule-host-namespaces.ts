// No namespace is shared, with the host or with another job.
import { quote, type Rule } from './rule.js'

export const hostNamespaces: Rule = {
  id: 'host-namespaces',
  title: 'No shared namespaces',
  why: 'A shared pid, ipc, uts, cgroup, mount, time or network namespace opens the host or a neighbour (CIS Docker 5.10, 5.16, 5.17, 5.21; CVE-2020-15257).',
  fields: [
    '/namespaces/mount',
    '/namespaces/pid',
    '/namespaces/network',
    '/namespaces/ipc',
    '/namespaces/uts',
    '/namespaces/cgroup',
    '/namespaces/time',
  ],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.namespaces
          .filter((asked) => asked.kind !== 'user' && asked.value !== 'private')
          .map((asked) => ({
            pointer: asked.pointer,
            message: `${quote(asked.value)}: the ${asked.kind} namespace is each job’s own. Only "private" is possible.`,
          })),
    },
  ],
  fixtures: {
    allow: [{ namespaces: { pid: 'private', network: 'private', mount: 'private' } }],
    deny: ['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time'].flatMap((kind) => [
      { namespaces: { [kind]: 'host' } },
      { namespaces: { [kind]: 'container:abc' } },
    ]),
  },
}
