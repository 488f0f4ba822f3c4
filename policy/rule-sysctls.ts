// No kernel setting is changed for a job.
import { quote, type Rule } from './rule.js'

export const sysctls: Rule = {
  id: 'sysctls',
  title: 'No sysctls',
  why: 'A smuggled setting once made the kernel run the attacker’s program (CVE-2022-0811).',
  fields: ['/sysctls/*'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.sysctls.map((asked) => ({
          pointer: asked.pointer,
          message: `${quote(asked.value)}: no kernel setting is changed for a job.`,
        })),
    },
  ],
  fixtures: {
    allow: [{ sysctls: {} }],
    deny: [
      { sysctls: { 'kernel.core_pattern': '|/x' } },
      { sysctls: { 'net.ipv4.ip_forward': '1' } },
    ],
  },
}
