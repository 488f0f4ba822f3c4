// A job that names stored secrets → the same job with their values, which goes into its sealed payload and nowhere else.
import type { JobSpec } from '../contract/job.js'
import type { JobSecret } from '../contract/secret.js'
import type { Violation } from '../contract/verdict.js'
import { quote } from '../policy/wording.js'
import { SealError } from '../queue/seal.js'
import { Refusal } from './problem.js'
import { openSecret, type SecretParts } from './secret-store.js'

const isStored = ({ value, valueBase64 }: JobSecret): boolean =>
  value === undefined && valueBase64 === undefined

const isVariable = ({ as }: JobSecret): boolean => as === 'environment'

/** @throws Refusal invalid-request naming every secret that is not there; StoreUnavailable */
export async function withStoredSecrets(
  parts: SecretParts,
  tenant: string,
  spec: JobSpec,
): Promise<JobSpec> {
  if (spec.secrets === undefined || !spec.secrets.some(isStored)) return spec
  const violations: Violation[] = []
  const secrets: JobSecret[] = []
  for (const [index, secret] of spec.secrets.entries()) {
    const opened = isStored(secret) ? await openOrNull(parts, tenant, secret.name) : null
    if (opened !== null && isVariable(secret) && opened.includes(0))
      violations.push({
        rule: 'schema',
        pointer: `/secrets/${index}/as`,
        message: 'The stored secret has a NUL byte, with which a variable would end: take a file.',
      })
    else if (opened !== null) secrets.push({ ...secret, valueBase64: opened.toString('base64') })
    else if (!isStored(secret)) secrets.push(secret)
    else
      violations.push({
        rule: 'schema',
        pointer: `/secrets/${index}/name`,
        message: `There is no stored secret ${quote(secret.name)}: store it, or give its value.`,
      })
  }
  if (violations.length > 0) throw new Refusal('invalid-request', undefined, { violations })
  return { ...spec, secrets }
}

/** One that is not authentic is none. */
async function openOrNull(
  parts: SecretParts,
  tenant: string,
  name: string,
): Promise<Buffer | null> {
  try {
    return await openSecret(parts, tenant, name)
  } catch (error) {
    if (error instanceof SealError) return null
    throw error
  }
}
