// The time namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const timeNamespace = namespaceRule({
  kind: 'time',
  title: 'A time namespace of its own',
  why: 'The host’s boot clock tells how long it is up; offsets of another’s confuse both.',
  references: ['time_namespaces(7)'],
})
