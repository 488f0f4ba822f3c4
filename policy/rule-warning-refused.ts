// Warnings that the grant does not bear.
import { allowed, type Denial, type Judge, type Rule } from './rule.js'
import { warningRules } from './warnings.js'

const judge: Judge = (ask, context) => {
  const { name, warningsRefused } = context.grant
  if (warningsRefused.length === 0) return allowed
  const denials: Denial[] = []
  for (const warning of warningRules)
    if (warningsRefused.includes(warning.id))
      for (const { pointer, message } of warning.judge(ask, context))
        denials.push({
          pointer,
          message: `${message} (The grant ${name} refuses what others are warned of: ${warning.id}.)`,
        })
  return denials
}

export const warningRefused: Rule = {
  id: 'warning-refused',
  title: 'Unwise things that the grant refuses',
  why: 'What is a matter of taste for one operator is forbidden by the rules of another’s house: images by digest alone, no root inside, no secret in the environment.',
  references: ['CIS Docker 5.27 (image version pinned)', 'Kubernetes Pod Security, restricted'],
  allows: 'what gives no warning, as the message says',
  // Those that a warning names, and none above them: a member that is new there is not judged by this.
  fields: [
    ...['', '/image', '/user/uid', '/user/gid', '/env/*', '/command/*', '/arguments/*'],
    ...['/limits/wallMs', '/limits/diskBytes', '/seccomp', '/seccompAudit'],
  ],
  revisions: [{ since: 3, judge }],
  fixtures: () => ({
    allow: [
      { name: 'a warning that is borne', job: { user: { uid: 0, gid: 0 } } },
      {
        name: 'an image by digest',
        base: 'command',
        job: { image: `sha256:${'d'.repeat(64)}` },
        grant: { warningsRefused: ['image-by-name'] },
      },
      {
        name: 'another warning',
        job: { user: { uid: 0, gid: 0 } },
        grant: { warningsRefused: ['image-by-name'] },
      },
    ],
    deny: [
      {
        name: 'an image by name',
        base: 'command',
        job: { image: 'default' },
        grant: { warningsRefused: ['image-by-name'] },
      },
      {
        name: 'root inside',
        job: { user: { uid: 0, gid: 0 } },
        grant: { warningsRefused: ['image-by-name', 'root-inside'] },
      },
      {
        name: 'a secret in the environment',
        job: { env: { API_KEY: 'x' } },
        grant: { warningsRefused: ['secret-in-environment'] },
      },
    ],
  }),
}
