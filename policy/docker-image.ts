// The adapters of images: pull, import, load, push, tag and commit. Where an image comes from is the grant’s to say; what it is called is
// the tenant’s own matter.

import { guardLabelPrefix } from '../contract/docker-owner.js'
import type { Ask, Asked } from './ask.js'
import {
  type Adapted,
  askNothing,
  givenByEngine,
  type Subject,
  type Written,
} from './docker-adapted.js'
import {
  familiarName,
  isDigest,
  isFrom,
  isTag,
  referenceOf,
  repositoryOf,
} from './docker-reference.js'
import { listing, quote } from './wording.js'

/** A request that asks of a sandbox nothing but `asked`. */
export function plainly(subject: Subject, write: () => Written, asked: Partial<Ask> = {}): Adapted {
  return {
    ask: { ...askNothing, ...asked },
    further: [],
    given: givenByEngine(subject.context, {}),
    missingImage: null,
    write,
  }
}

function checkRegistry(
  { context, findings }: Subject,
  asked: { pointer: string },
  name: string,
): void {
  const reference = referenceOf(name)
  const { grant } = context.grant
  if (reference === null)
    findings.deny('docker-name', asked, `${quote(name)} is no reference of an image.`)
  else if (!grant.docker.registries.some((granted) => isFrom(granted, reference)))
    findings.deny(
      'docker-registry',
      asked,
      `${quote(repositoryOf(reference))} is in no registry of the grant ${grant.name}. Choose from: ${listing(grant.docker.registries)}.`,
    )
}

/** Instructions that only describe the image; none runs anything. */
const changes =
  /^\s*(CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|ONBUILD|STOPSIGNAL|USER|VOLUME|WORKDIR)\s/i

export function checkedChanges({ query, findings }: Subject): string[] {
  return query.texts('/changes').map(({ value, pointer }) => {
    if (!changes.test(value) || /[\r\n]/.test(value))
      findings.deny(
        'docker-image-change',
        pointer,
        'A change is one instruction that describes the image, such as CMD, ENV or LABEL, on one line.',
      )
    if (/^\s*(ONBUILD\s+)*LABEL\s/i.test(value) && mentionsGuard(value))
      findings.deny(
        'docker-label',
        pointer,
        `Labels that begin with \`${guardLabelPrefix}\` are the guard’s.`,
      )
    return value
  })
}

/** Quotes and backslashes may stand inside a name. */
const mentionsGuard = (text: string): boolean =>
  text
    .replace(/["'\\]/g, '')
    .toLowerCase()
    .includes(guardLabelPrefix)

/** The name under which the engine keeps what the tenant calls so; empty where none is asked. */
export function ownImageName(
  { context, findings }: Subject,
  repo: Asked<string> | null,
  tag: Asked<string> | null,
): { repo: string; tag: string } | null {
  if (repo === null) {
    if (tag !== null) findings.deny('docker-name', tag, 'A tag needs a repository.')
    return null
  }
  const reference = referenceOf(repo.value)
  if (reference === null || reference.digest !== null)
    findings.deny('docker-name', repo, `${quote(repo.value)} is no name for an image.`)
  if (tag !== null && (!isTag(tag.value) || reference?.tag))
    findings.deny('docker-name', tag, `${quote(tag.value)} is no tag for it.`)
  const chosen = tag?.value ?? reference?.tag ?? 'latest'
  const familiar = reference === null ? repo.value : familiarName(reference)
  const name = context.engineName('image', `${familiar}:${chosen}`)
  const at = name.lastIndexOf(':')
  return { repo: name.slice(0, at), tag: name.slice(at + 1) }
}

function adaptPull(subject: Subject, image: Asked<string>, tag: Asked<string> | null): Adapted {
  const { findings } = subject
  checkRegistry(subject, image, image.value)
  const named = referenceOf(image.value)
  if (tag !== null && !isTag(tag.value) && !isDigest(tag.value))
    findings.deny('docker-name', tag, `${quote(tag.value)} is neither a tag nor a digest.`)
  if (tag === null && named?.tag === null && named.digest === null)
    findings.deny(
      'docker-registry',
      image,
      'Name a tag: all tags of a repository at once are not pulled.',
    )
  return plainly(subject, () => ({
    query: { fromImage: image.value, ...(tag === null ? {} : { tag: tag.value }) },
  }))
}

/** A pull (`fromImage`) or an import of the request’s own body (`fromSrc=-`). */
export function adaptImageCreate(subject: Subject): Adapted {
  const { query, findings } = subject
  const [image, source] = [query.text('/fromImage'), query.text('/fromSrc')]
  const [repo, tag] = [query.text('/repo'), query.text('/tag')]
  const described = checkedChanges(subject)
  if (image !== null && source === null) {
    if (repo !== null) findings.deny('docker-form', repo, 'A pull has no `repo`.')
    if (described.length > 0) findings.deny('docker-form', '/changes', 'A pull has no `changes`.')
    return adaptPull(subject, image, tag)
  }
  if (source === null || image !== null)
    findings.deny('docker-form', '/fromImage', 'Give `fromImage`, or `fromSrc`, and not both.')
  else if (source.value !== '-')
    findings.deny('docker-fetch', source, 'Only `-`, the body of this request, is imported.')
  const own = ownImageName(subject, repo, tag)
  return plainly(subject, () => ({
    query: { fromSrc: '-', ...own, ...(described.length === 0 ? {} : { changes: described }) },
  }))
}

export function adaptImageLoad(subject: Subject): Adapted {
  return plainly(subject, () => ({}))
}

/** The name leads to the registry, so it is judged as a pull’s is. */
export function adaptImagePush(subject: Subject): Adapted {
  const { call, query, findings } = subject
  const name = call.path.name ?? ''
  const tag = query.text('/tag')
  checkRegistry(subject, { pointer: '' }, name)
  if (tag !== null && !isTag(tag.value))
    findings.deny('docker-name', tag, `${quote(tag.value)} is no tag.`)
  return plainly(subject, () => ({ query: tag === null ? {} : { tag: tag.value } }))
}

function ownImage({ call, context, findings }: Subject): string {
  const name = call.path.name ?? ''
  const image = context.owned.image(name)
  if (image === null) findings.deny('docker-owner', '', `No such image: ${name}`)
  return image?.id ?? ''
}

export function adaptImageTag(subject: Subject): Adapted {
  const id = ownImage(subject)
  const repo = subject.query.text('/repo')
  if (repo === null) subject.findings.deny('docker-form', '/repo', 'A tag needs a repository.')
  const own = ownImageName(subject, repo, subject.query.text('/tag'))
  return plainly(subject, () => ({ path: { name: id }, query: { ...own } }))
}
