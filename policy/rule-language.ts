// Languages: only those that an image of this machine has, and the grant names.
import type { Catalogue, ImageEntry, Language } from '../contract/catalogue.js'
import { quote, type Rule } from './rule.js'
import { imageGranted } from './rule-image.js'

export function findLanguage(catalogue: Catalogue, name: string): Language | undefined {
  return catalogue.languages.find((language) => language.name === name)
}

/** The image that has a language's toolchain. */
export function imageOfLanguage(catalogue: Catalogue, language: Language): ImageEntry | undefined {
  return catalogue.images.find((image) => Object.hasOwn(image.languages, language.toolchain))
}

export const language: Rule = {
  id: 'language',
  title: 'Granted languages only',
  why: 'A language stands for an image and commands that were tested together; anything else would be a command of the caller’s own.',
  fields: ['/language', '/source'],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant, catalogue }) => {
        const asked = ask.language
        if (asked === null) return []
        const known = findLanguage(catalogue, asked.value)
        const image = known === undefined ? undefined : imageOfLanguage(catalogue, known)
        const granted = grant.languages.includes('*') || grant.languages.includes(asked.value)
        if (image !== undefined && granted && imageGranted(grant, image)) return []
        const installed = catalogue.languages.filter(
          (entry) => imageOfLanguage(catalogue, entry) !== undefined,
        )
        const names = installed
          .map((entry) => entry.name)
          .filter((name) => grant.languages.includes('*') || grant.languages.includes(name))
        return [
          {
            pointer: asked.pointer,
            message: `${quote(asked.value)} is not granted or not installed here; there are ${names.join(', ') || 'none'}.`,
          },
        ]
      },
    },
  ],
  fixtures: {
    allow: [{ language: 'bash' }],
    deny: [{ language: 'cobol' }, { language: 'constructor' }],
  },
}
