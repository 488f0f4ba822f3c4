// Images: only those of this machine, and of these only what the grant names.
import type { ImageEntry } from '../contract/catalogue.js'
import type { Grant } from '../contract/grant.js'
import { quote, type Rule } from './rule.js'

/** By name, by digest, or by `sha256:` and digest. */
export function findImage(images: readonly ImageEntry[], asked: string): ImageEntry | undefined {
  const digest = asked.startsWith('sha256:') ? asked.slice('sha256:'.length) : asked
  return images.find((image) => image.name === asked || image.digest === digest)
}

export function imageGranted(grant: Grant, image: ImageEntry): boolean {
  return grant.images.some(
    (name) =>
      name === '*' ||
      name === image.name ||
      name === image.digest ||
      name === `sha256:${image.digest}`,
  )
}

export const image: Rule = {
  id: 'image',
  title: 'Granted images only',
  why: 'An image is code too: it comes from this machine’s verified store, never from a name on the network (CIS Docker 4.2, 5.27).',
  fields: ['/image'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant, catalogue }) => {
        if (ask.image === null) return []
        const found = findImage(catalogue.images, ask.image.value)
        if (found !== undefined && imageGranted(grant, found)) return []
        const allowed = catalogue.images
          .filter((entry) => imageGranted(grant, entry))
          .map((entry) => entry.name)
        return [
          {
            pointer: ask.image.pointer,
            message: `${quote(ask.image.value)} is not granted or not on this machine; there are ${allowed.join(', ') || 'none'}.`,
          },
        ]
      },
    },
  ],
  fixtures: {
    allow: [
      { language: undefined, source: undefined, image: 'default', command: ['/bin/true'] } as never,
    ],
    deny: ['ubuntu', 'docker.io/library/debian:12', '../default', 'sha256:00'].map(
      (name) =>
        ({ language: undefined, source: undefined, image: name, command: ['/bin/true'] }) as never,
    ),
  },
}
