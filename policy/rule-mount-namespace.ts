// The mount namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const mountNamespace = namespaceRule({
  kind: 'mount',
  title: 'A mount namespace of its own',
  why: 'The host’s mounts are the host’s files.',
  references: [
    'CIS Docker 5.19 (no shared mount propagation)',
    'Kubernetes Pod Security, baseline: /proc Mount Type',
  ],
})
