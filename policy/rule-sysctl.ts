// No kernel settings.
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask) =>
  denyEach(
    ask.sysctls,
    pointerOf,
    ({ name }) => `Asked the kernel setting ${quote(name)}; nobody gets any. Leave it out.`,
  )

export const sysctl: Rule = {
  id: 'sysctl',
  title: 'No kernel settings',
  why: 'Most are the host’s, and CVE-2022-0811 smuggled a second one inside the value of a harmless one.',
  references: ['Kubernetes Pod Security, baseline: Sysctls', 'CVE-2022-0811'],
  allows: 'none; the field left out',
  repair: leaveOut,
  fields: ['/sysctls/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'none', job: { sysctls: {} } }],
    deny: [
      { name: 'one of the host', job: { sysctls: { 'kernel.core_pattern': '|/work/x' } } },
      {
        name: 'one of the namespace',
        job: { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' } },
      },
      {
        name: 'one inside another',
        job: { sysctls: { 'kernel.shm_rmid_forced': '1+kernel.core_pattern=|/x' } },
      },
      { name: 'by path', job: { sysctls: { 'net/ipv4/../../kernel/core_pattern': 'x' } } },
    ],
  }),
}
