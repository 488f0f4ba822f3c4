// AppArmor profiles by name: there is one, and it must be enforceable to be asked for.
import { apparmorLabel } from './job-plan.js'
import { allowed, deny, type Judge, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask, { platform }) => {
  if (ask.apparmor === null) return allowed
  const { value, pointer } = ask.apparmor
  if (value !== apparmorLabel)
    return deny(
      pointer,
      `There is no AppArmor profile ${quote(value)} for jobs; the one there is, ${apparmorLabel}, needs no asking.`,
    )
  return platform.apparmor
    ? allowed
    : deny(
        pointer,
        `Asked AppArmor ${apparmorLabel}, but this machine’s kernel has no AppArmor in force.`,
      )
}

export const apparmorProfile: Rule = {
  id: 'apparmor-profile',
  title: 'The AppArmor profile of jobs',
  why: 'A profile written for something else may allow more; and a protection that was asked for and cannot be enforced is refused, not forgotten.',
  fields: ['/apparmor'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [{ name: 'the profile in force', job: { apparmor: 'stockade-job' } }],
    deny: [
      { name: 'another', job: { apparmor: 'docker-default' } },
      { name: 'a path', job: { apparmor: 'localhost/../x' } },
      {
        name: 'on a kernel without it',
        job: { apparmor: 'stockade-job' },
        platform: { apparmor: false },
      },
    ],
  }),
}
