// The ipc namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const ipcNamespace = namespaceRule({
  kind: 'ipc',
  title: 'An IPC namespace of its own',
  why: 'Shared memory and queues of the host belong to its databases and desktops.',
  references: [
    'CIS Docker 5.16 (not the host’s IPC namespace)',
    'Kubernetes Pod Security, baseline: Host Namespaces',
  ],
})
