// What the api process that waits is told of the end of a job: its id, and the record itself where that is small, so that the answer
// costs no read. The stored record stays the truth: whoever comes late, or hears the id alone, reads it.
// Redis's channels are trusted as its records are: what is told passes the same checks (queue/record.ts).
import { listFields } from './record.js'

/** The fields of an answer, in the order in which they are told. */
const toldFields = ['tenant', ...listFields, 'result', 'receipt'] as const

/** A record above this is read: a message lies in the memory of Redis until the api has taken it. Bytes. */
const toldBytesMax = 32_768

/** No value of ours has it: each is a name, a number, or JSON, which escapes it. */
const separator = '\\n'

/** end_message(id): for a job whose record is final. */
export const endMessage = `
local function end_message(id)
  local told = redis.call('HMGET', job_key(id), ${toldFields.map((name) => `'${name}'`).join(', ')})
  local bytes = 0
  for at = 1, ${toldFields.length} do
    told[at] = told[at] or ''
    bytes = bytes + #told[at]
  end
  if bytes > ${toldBytesMax} then return id end
  return id .. '${separator}' .. table.concat(told, '${separator}')
end
`

/** Fields of a record that has ended. */
export type Told = ReadonlyMap<string, string>

/** `told` is null where the record must be read. */
export function endOf(message: string): { jobId: string; told: Told | null } {
  const [jobId = '', ...values] = message.split('\n')
  if (values.length !== toldFields.length) return { jobId, told: null }
  const told = new Map<string, string>()
  for (const [at, name] of toldFields.entries()) {
    const value = values[at]
    if (value !== undefined && value !== '') told.set(name, value)
  }
  return { jobId, told: told.get('state') === 'finished' ? told : null }
}
