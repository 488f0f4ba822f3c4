// The network namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const networkNamespace = namespaceRule({
  kind: 'network',
  title: 'A network namespace of its own',
  why: 'The host’s network has its loopback services and abstract sockets, an engine’s among them (CVE-2020-15257).',
  references: [
    'CIS Docker 5.9 (not the host’s network)',
    'Kubernetes Pod Security, baseline: Host Namespaces',
    'CVE-2020-15257',
  ],
})
