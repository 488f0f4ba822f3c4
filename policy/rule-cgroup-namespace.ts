// The cgroup namespace is the job’s own.
import { namespaceRule } from './namespace-rule.js'

export const cgroupNamespace = namespaceRule({
  kind: 'cgroup',
  title: 'A control-group namespace of its own',
  why: 'The host’s view of control groups names every other job, and is where release_agent begins (CVE-2022-0492).',
  references: ['CIS Docker 5.24 (cgroup confirmed)', 'CVE-2022-0492'],
})
