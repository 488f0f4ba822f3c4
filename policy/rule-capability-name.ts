// Capability names that exist.
import type { Asked } from './ask.js'
import { canonicalCapability, capabilityNames } from './capability-name.js'
import { denyEach, type Judge, leaveOut, pointerOf, type Rule } from './rule.js'
import { quote } from './wording.js'

function judgeName({ value }: Asked<string>): string | null {
  const name = canonicalCapability(value)
  if (name === 'ALL' || capabilityNames.has(name)) return null
  return `Linux has no capability ${quote(value)}; they are named like NET_RAW or CAP_NET_RAW.`
}

const judge: Judge = (ask) => [
  ...denyEach(ask.capabilitiesAdded, pointerOf, judgeName),
  ...denyEach(ask.capabilitiesDropped, pointerOf, judgeName),
]

export const capabilityName: Rule = {
  id: 'capability-name',
  title: 'Capabilities that exist',
  why: 'A misspelt drop would leave its sender believing that something was given up.',
  references: ['CIS Docker 5.3 (capabilities restricted)', 'include/uapi/linux/capability.h'],
  allows: 'a capability that Linux has, or `ALL`',
  repair: leaveOut,
  fields: ['/capabilities/add/*', '/capabilities/drop/*'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      {
        name: 'real names in any spelling',
        job: { capabilities: { drop: ['ALL', 'net_raw', 'CAP_BPF', 'Chown'] } },
      },
    ],
    deny: [
      { name: 'an unknown drop', job: { capabilities: { drop: ['NET_ROW'] } } },
      { name: 'an unknown add', job: { capabilities: { add: ['CAP_ROOT'] } } },
      { name: 'a number', job: { capabilities: { drop: ['21'] } } },
      { name: 'two at once', job: { capabilities: { drop: ['CHOWN,KILL'] } } },
    ],
  }),
}
