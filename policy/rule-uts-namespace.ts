// The uts namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const utsNamespace = namespaceRule({
  kind: 'uts',
  title: 'A host name of its own',
  why: 'The host’s name is part of its identity, and of what others trust it by.',
  references: [
    'CIS Docker 5.20 (not the host’s UTS namespace)',
    'Kubernetes Pod Security, baseline: Host Namespaces',
  ],
})
