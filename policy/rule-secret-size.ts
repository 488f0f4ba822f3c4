// Secrets are small.
import { secretBytesMax, secretBytesMin, secretBytesTotal } from '../contract/secret.js'
import { allowed, type Denial, type Judge, type Rule } from './rule.js'

const judge: Judge = ({ secrets }) => {
  if (secrets.length === 0) return allowed
  const denials: Denial[] = []
  let total = 0
  for (const { bytes } of secrets) {
    if (bytes === null) continue
    const before = total
    total += bytes.value
    if (bytes.value > secretBytesMax || bytes.value < secretBytesMin)
      denials.push({
        pointer: bytes.pointer,
        message: `A secret has ${secretBytesMin} to ${secretBytesMax} bytes.`,
      })
    else if (total > secretBytesTotal && before <= secretBytesTotal)
      denials.push({
        pointer: bytes.pointer,
        message: `Here the secrets pass ${secretBytesTotal} bytes, the most there is.`,
      })
  }
  return denials
}

const secret = (name: string, bytes: number) => ({ name, value: 'x'.repeat(bytes) })
const grant = { secrets: 32 }

export const secretSize: Rule = {
  id: 'secret-size',
  title: 'Small secrets',
  why: 'All of them are looked for in every byte that the job writes. Data belongs into files.',
  references: ['CWE-400 (uncontrolled resource consumption)'],
  allows: `${secretBytesMin} to ${secretBytesMax} bytes, ${secretBytesTotal} together`,
  fields: ['/secrets/*/value', '/secrets/*/valueBase64'],
  revisions: [{ since: 4, judge }],
  fixtures: () => ({
    allow: [{ name: 'the largest', job: { secrets: [secret('A', secretBytesMax)] }, grant }],
    deny: [
      {
        name: 'more than characters tell',
        job: { secrets: [{ name: 'A', value: 'é'.repeat(secretBytesMax) }] },
        grant,
      },
      {
        name: 'too much together',
        job: { secrets: ['A', 'B', 'C', 'D', 'E'].map((name) => secret(name, secretBytesMax)) },
        grant,
      },
    ],
  }),
}
