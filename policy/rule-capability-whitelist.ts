// Capabilities: only those on the grant's list, and of these only what the runtime can hand out safely.
import { runtimeCapabilities } from '../contract/grant.js'
import { quote, type Rule } from './rule.js'

/** `sys_admin`, `SYS_ADMIN` and `cap_sys_admin` are one capability. */
export function canonicalCapability(name: string): string {
  const upper = name.trim().toUpperCase()
  return upper.startsWith('CAP_') ? upper : `CAP_${upper}`
}

export const capabilityWhitelist: Rule = {
  id: 'capability-whitelist',
  title: 'Capabilities by whitelist',
  why: 'Each capability is a part of root (CIS Docker 5.4; Kubernetes pod security, restricted; CVE-2022-0492 needed CAP_SYS_ADMIN).',
  fields: ['/capabilities/add/*', '/capabilities/drop/*'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) =>
        ask.capabilities
          .filter((asked) => {
            const name = canonicalCapability(asked.value)
            return !grant.capabilities.includes(name) || !runtimeCapabilities.includes(name)
          })
          .map((asked) => ({
            pointer: asked.pointer,
            message: `${quote(asked.value)} is not on the whitelist (${grant.capabilities.join(', ') || 'empty'}). A job has no capability, even as root inside.`,
          })),
    },
  ],
  fixtures: {
    allow: [{ capabilities: { add: [] } }, { capabilities: { drop: ['ALL'] } }],
    deny: ['SYS_ADMIN', 'cap_sys_admin', 'Net_Raw', 'ALL', 'CAP_CHOWN', 'no-such-thing'].map(
      (name) => ({ capabilities: { add: [name] } }),
    ),
  },
}
