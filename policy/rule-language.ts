// A language must be known, granted, and installed here.
import { grantsLanguage } from './resolve.js'
import { allowed, type Context, deny, type Judge, type Rule } from './rule.js'
import { listing, quote } from './wording.js'

function offered({ grant, catalogue }: Context): string[] {
  return catalogue.languages
    .map((known) => known.name)
    .filter((known) => grantsLanguage(grant, known))
}

const judge: Judge = (ask, context) => {
  if (ask.language === null) return allowed
  const { grant, resolved } = context
  const { value, pointer } = ask.language
  const choice = `Choose from: ${listing(offered(context))}.`
  if (!grantsLanguage(grant, value))
    return deny(
      pointer,
      `The grant ${grant.name} does not give the language ${quote(value)}. ${choice}`,
    )
  if (resolved.language === null)
    return deny(pointer, `There is no language ${quote(value)}. ${choice}`)
  if (resolved.image === null)
    return deny(
      pointer,
      `No image that the grant ${grant.name} gives has ${value} installed on this machine.`,
    )
  return allowed
}

export const language: Rule = {
  id: 'language',
  title: 'Languages by grant, as installed',
  why: 'A language is a command line of ours in an image of ours; nothing else may stand behind the name.',
  references: ['CWE-829 (code from outside the sphere of control)'],
  allows: ({ context }) => listing(offered(context)),
  fields: ['/language'],
  revisions: [{ since: 1, judge }],
  fixtures: () => ({
    allow: [
      { name: 'a language that is installed', job: { language: 'python' } },
      { name: 'one that the grant names', grant: { languages: ['python'] } },
    ],
    deny: [
      { name: 'an unknown language', job: { language: 'cobol' } },
      { name: 'one that no image has', job: { language: 'go' } },
      { name: 'one beyond the grant', job: { language: 'c' }, grant: { languages: ['python'] } },
      { name: 'one whose image is beyond the grant', grant: { images: ['other'] } },
    ],
  }),
}
