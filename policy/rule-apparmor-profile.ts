// AppArmor profiles by name: each class of seccomp profile has one, and it must be enforceable to be asked for.
import { apparmorLabelOf } from './apparmor-label.js'
import { allowed, deny, type Judge, leaveOut, type Rule } from './rule.js'
import { quote } from './wording.js'

const judge: Judge = (ask, { grant, platform }) => {
  if (ask.apparmor === null) return allowed
  const { value, pointer } = ask.apparmor
  const label = apparmorLabelOf(ask, grant)
  if (value !== label)
    return deny(
      pointer,
      `There is no AppArmor profile ${quote(value)} for this job; the one of its class, ${label}, needs no asking.`,
    )
  return platform.apparmor
    ? allowed
    : deny(pointer, `Asked AppArmor ${label}, but this machine’s kernel has no AppArmor in force.`)
}

export const apparmorProfile: Rule = {
  id: 'apparmor-profile',
  title: 'The AppArmor profile of jobs',
  why: 'A profile written for something else may allow more; and a protection that was asked for and cannot be enforced is refused, not forgotten.',
  references: ['CIS Docker 5.1 (AppArmor profile)', 'Kubernetes Pod Security, baseline: AppArmor'],
  allows: 'the profile of the job’s class, or the field left out',
  repair: leaveOut,
  fields: ['/apparmor'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'the profile in force', job: { apparmor: 'stockade-job-default' } },
      {
        name: 'the one of a strict job',
        job: { apparmor: 'stockade-job-strict', seccomp: 'strict' },
      },
    ],
    deny: [
      { name: 'another', job: { apparmor: 'docker-default' } },
      { name: 'that of another class', job: { apparmor: 'stockade-job-strict' } },
      { name: 'a path', job: { apparmor: 'localhost/../x' } },
      {
        name: 'on a kernel without it',
        job: { apparmor: 'stockade-job-default' },
        platform: { apparmor: false },
      },
    ],
  }),
}
