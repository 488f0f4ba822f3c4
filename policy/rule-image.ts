// An image must be on this machine and granted.
import { grantsImage } from './resolve.js'
import { allowed, type Context, deny, type Judge, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

const grantedNames = ({ grant, catalogue }: Context): string[] =>
  catalogue.images.filter((image) => grantsImage(grant, image)).map((image) => image.name)

const judge: Judge = (ask, context) => {
  const { grant, resolved } = context
  if (ask.image === null || resolved.image !== null) return allowed
  const names = listing(grantedNames(context))
  return deny(
    ask.image.pointer,
    `The grant ${grant.name} gives no image ${quote(ask.image.value)} on this machine. Choose from: ${names}.`,
  )
}

const digest = 'd'.repeat(64)

export const image: Rule = {
  id: 'image',
  title: 'Images by grant, as installed',
  why: 'An image is what runs. One that is not here, or not granted, is not fetched and not guessed at; what exists beyond the grant is not told.',
  references: [
    'CIS Docker 5.27 (image version pinned)',
    'CWE-829 (code from outside the sphere of control)',
  ],
  allows: ({ context }) => listing(grantedNames(context)),
  fields: ['/image'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'by name', base: 'command', job: { image: 'default' } },
      { name: 'by digest', base: 'command', job: { image: `sha256:${digest}` } },
      { name: 'by name and digest', base: 'command', job: { image: `default@sha256:${digest}` } },
      { name: 'granted by digest', base: 'command', grant: { images: [`sha256:${digest}`] } },
    ],
    deny: [
      { name: 'an unknown name', base: 'command', job: { image: 'ubuntu:latest' } },
      { name: 'an unknown digest', base: 'command', job: { image: `sha256:${'0'.repeat(64)}` } },
      {
        name: 'a name with another’s digest',
        base: 'command',
        job: { image: `default@sha256:${'0'.repeat(64)}` },
      },
      {
        name: 'beyond the grant',
        base: 'command',
        job: { image: 'default' },
        grant: { images: ['other'] },
      },
      { name: 'a path', base: 'command', job: { image: '../../etc' } },
    ],
  }),
}
