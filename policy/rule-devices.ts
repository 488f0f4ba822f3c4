// No host device is given.
import { quote, type Rule } from './rule.js'

export const devices: Rule = {
  id: 'devices',
  title: 'No host devices',
  why: 'A disk or memory device is the host itself (CIS Docker 5.18; Kubernetes pod security, baseline).',
  fields: ['/devices/*'],
  revisions: [
    {
      since: 1,
      judge: (ask) =>
        ask.devices.map((device) => ({
          pointer: device.pointer,
          message: `${quote(device.value)}: no host device is given. Inside are null, zero, full, random, urandom, tty.`,
        })),
    },
  ],
  fixtures: {
    allow: [{ devices: [] }],
    deny: [{ devices: ['/dev/kvm'] }, { devices: ['/dev/null'] }],
  },
}
