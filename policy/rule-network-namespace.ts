// The network namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const networkNamespace = namespaceRule({
  kind: 'network',
  title: 'A network namespace of its own',
  why: 'The host’s network has its loopback services and abstract sockets, an engine’s among them (CVE-2020-15257).',
})
