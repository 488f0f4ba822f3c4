// The user namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const userNamespace = namespaceRule({
  kind: 'user',
  title: 'No way around the user-namespace remap',
  why: 'Root inside is nobody outside only through its own map: `host` here is what userns-remap exempts, and it makes every other fault a fault of the host’s root.',
})
