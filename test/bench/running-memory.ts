// What a sandbox holds while a trivial program sleeps in it, one in each slot.
import { execFileSync } from 'node:child_process'
import { openTenant, persist } from '../stack.js'
import { memoryOfSandboxes } from './memory.js'

const sleeper = { image: 'default', command: ['/bin/sleep', '600'], limits: { wallMs: 900_000 } }

/** Bytes of one: supervisor, init, job and the program, with page tables and kernel stacks. */
export async function runningMemory(instance: string, slots: number): Promise<number> {
  const launcher = Number(execFileSync('id', ['-u', `${instance}-launcher`], { encoding: 'utf8' }))
  const tenant = openTenant('bench-running', 'platform')
  const jobs = await Promise.all(Array.from({ length: slots }, () => tenant.submit(sleeper)))
  try {
    for (const { id } of jobs)
      await persist(async () => {
        const { json } = await tenant.request('GET', `/v1/jobs/${id}`)
        if ((json as { state: string }).state !== 'running') throw new Error(`${id} does not run`)
      })
    return Math.round(memoryOfSandboxes(launcher) / slots)
  } finally {
    for (const { id } of jobs) await tenant.request('DELETE', `/v1/jobs/${id}`)
    for (const { id } of jobs) await tenant.finished(id)
  }
}
