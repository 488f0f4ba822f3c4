// The user namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const userNamespace = namespaceRule({
  kind: 'user',
  title: 'No way around the user-namespace remap',
  why: 'Root inside is nobody outside only through its own map: `host` here is what userns-remap exempts, and it makes every other fault a fault of the host’s root.',
  references: [
    'CIS Docker 5.30 (not the host’s user namespace)',
    'CIS Docker 2.8 (user namespaces)',
    'Kubernetes Pod Security, baseline: Host Namespaces',
  ],
})
