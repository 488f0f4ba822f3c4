// Jobs through the front door: one at a time for latency, many at once for throughput.
import { Agent, request } from 'node:http'
import type { Job } from '../../contract/result.js'
import { type Summary, summarise } from './statistics.js'

export type Door = { readonly origin: string; readonly key: string }

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Posts one job and waits for its end. @throws Error when it did not end `ok`. */
function runJob(door: Door, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${door.origin}/v1/jobs?wait=60`,
      {
        agent,
        method: 'POST',
        headers: {
          authorization: `Bearer ${door.key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (piece: string) => {
          text += piece
        })
        incoming.on('end', () => {
          const job = incoming.statusCode === 200 ? (JSON.parse(text) as Job) : null
          if (job?.outcome === 'ok') resolve()
          else reject(new Error(`${incoming.statusCode}: ${text}`))
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Milliseconds of `count` jobs, one after the other. */
export async function latency(door: Door, spec: object, count: number): Promise<number[]> {
  const body = JSON.stringify(spec)
  const values: number[] = []
  for (let run = 0; run < count; run++) {
    const before = performance.now()
    await runJob(door, body)
    values.push(performance.now() - before)
  }
  return values
}

export type Throughput = {
  readonly inFlight: number
  readonly jobsPerSecond: number
  readonly latencyMs: Summary
}

/** `count` jobs with `inFlight` of them at one time. */
export async function throughput(
  door: Door,
  spec: object,
  count: number,
  inFlight: number,
): Promise<Throughput> {
  const body = JSON.stringify(spec)
  const values: number[] = []
  let started = 0
  const before = performance.now()
  const lane = async (): Promise<void> => {
    while (started < count) {
      started++
      const at = performance.now()
      await runJob(door, body)
      values.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  const seconds = (performance.now() - before) / 1000
  return { inFlight, jobsPerSecond: Math.round(count / seconds), latencyMs: summarise(values) }
}
