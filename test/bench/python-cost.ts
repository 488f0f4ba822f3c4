// Python's hello: python3 itself by plain fork and exec below the image's root, the same in a sandbox, and the job through HTTP.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Door, latency } from './http-load.js'
import { requestFor } from './request.js'
import { scaled } from './scale.js'
import { type Summary, summarise } from './statistics.js'
import { timeRuns } from './stop-watch.js'
import type { Place } from './way.js'

export type PythonCost = {
  readonly itself: Summary
  readonly sandbox: Summary
  readonly http: Summary
}

const source = 'print("hello")'
const argv = ['/usr/bin/python3', '-c', source]
const pauseUs = 15_000
const batch = 5

export async function pythonCost(place: Place, door: Door): Promise<PythonCost> {
  const request = join(place.directory, 'python-request')
  writeFileSync(request, requestFor(place.imageDirectory, 'profiles', argv), { mode: 0o644 })
  const itself = { watch: [place.spawn, 'chroot'], words: () => [place.root, ...argv] }
  const sandbox = {
    watch: [...place.asWorker, place.spawn, 'launch'],
    words: () => [place.launcherSocket, request],
  }
  const series = { itself: [] as number[], sandbox: [] as number[], http: [] as number[] }
  await latency(door, { language: 'python', source }, 3)
  for (let round = 0; round < scaled(10); round++) {
    series.itself.push(...(await timeRuns(itself, batch, pauseUs)))
    series.sandbox.push(...(await timeRuns(sandbox, batch, pauseUs)))
    series.http.push(...(await latency(door, { language: 'python', source }, batch)))
  }
  return {
    itself: summarise(series.itself),
    sandbox: summarise(series.sandbox),
    http: summarise(series.http),
  }
}
