// What the service holds when it has just been started and does nothing: proportional set size, so that shared pages count once.
// api, worker and launcher are what the target means; Redis is told apart, since what it holds are the jobs that it keeps.
import { setTimeout } from 'node:timers/promises'
import { address, persist, type ServiceName, servicePid, supervise } from '../stack.js'
import { memoryOfProcess, memoryOfUser } from './memory.js'

export type IdleMemory = Readonly<Record<ServiceName, number>>

/** After the last of the start-up work, among it Node's own: code that is compiled late, and memory given back. Milliseconds. */
const settleMs = 5000

/** Starts again what an earlier run may have worn in; Redis, with its results, is left as it is. */
async function startAfresh(): Promise<void> {
  const services = ['api', 'worker', 'launcher'] as const
  for (const service of services) supervise('stop', service)
  for (const service of services.toReversed()) supervise('start', service)
  await persist(async () => {
    const answer = await fetch(`http://${address}/readyz`)
    if (!answer.ok) throw new Error(`not ready: ${answer.status}`)
  })
  await setTimeout(settleMs)
}

export async function idleMemory(launcherUid: number): Promise<IdleMemory> {
  await startAfresh()
  return {
    api: memoryOfProcess(servicePid('api')),
    worker: memoryOfProcess(servicePid('worker')),
    launcher: memoryOfUser(launcherUid),
    redis: memoryOfProcess(servicePid('redis')),
  }
}
