// The pid namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const pidNamespace = namespaceRule({
  kind: 'pid',
  title: 'A process namespace of its own',
  why: 'Whoever sees a process can signal and, with the same id, trace it; /proc/1/root of the host is its root.',
  references: [
    'CIS Docker 5.15 (not the host’s process namespace)',
    'Kubernetes Pod Security, baseline: Host Namespaces',
  ],
})
