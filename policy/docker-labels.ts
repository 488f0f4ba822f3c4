// Labels at the Docker door: the caller’s own, none of the guard’s, and the guard’s written over them.
import { guardLabelPrefix, nameLabel, tenantLabel } from '../contract/docker-owner.js'
import type { AskedSetting } from './ask.js'
import type { Subject } from './docker-adapted.js'

export type Labels = {
  readonly asked: readonly AskedSetting[]
  /** Without the guard’s. */
  readonly plain: Record<string, string>
}

export function checkLabels(
  subject: Pick<Subject, 'findings'>,
  asked: readonly AskedSetting[],
): Labels {
  const plain: Record<string, string> = Object.create(null)
  for (const { name, value, pointer } of asked) {
    if (name.toLowerCase().startsWith(guardLabelPrefix))
      subject.findings.deny(
        'docker-label',
        pointer,
        `Labels that begin with \`${guardLabelPrefix}\` are the guard’s.`,
      )
    plain[name] = value
  }
  return { asked, plain }
}

export function ownLabels(subject: Subject, at: string): Labels {
  return checkLabels(subject, subject.body.settings(at))
}

/** The labels that an object gets. */
export function ownedBy(tenant: string, name: string, labels: Labels): Record<string, string> {
  return { ...labels.plain, [tenantLabel]: tenant, [nameLabel]: name }
}
