// Waits for what a running job writes: the event that tells that an attack stands, so that nothing has to sleep.
import type { OutputEvent } from '../../contract/event.js'
import type { Tenant } from '../stack.js'

/** Until the standard output of a running job holds a text. Gives the output so far. @throws Error when the job ends without it. */
export async function untilSaid(tenant: Tenant, jobId: string, text: string): Promise<string> {
  let said = ''
  for await (const { name, data } of tenant.events(jobId)) {
    if (name !== 'stdout') continue
    said += Buffer.from((data as OutputEvent).base64, 'base64').toString()
    if (said.includes(text)) return said
  }
  throw new Error(`${jobId} ended without ${JSON.stringify(text)}: ${said.slice(0, 2000)}`)
}
