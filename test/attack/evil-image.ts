// Root file systems that lie in wait: put into the instance's image store as set-up does it, used by real jobs, and taken out again
// so that the store is byte for byte, and time for time, what it was.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { JobSpec } from '../../contract/job.js'
import type { Job } from '../../contract/result.js'
import { defaultImage } from '../launch-plan.js'
import { accountOf, asRoot, instance, persist, servicePid, type Tenant } from '../stack.js'

const store = `/var/lib/${instance}/images`

export type EvilImage = {
  readonly name: string
  /** A shell program that changes the root file system in its working directory. `$CANARY` is a directory of the host. */
  readonly script: string
}

export type Installed = {
  /** A directory of the host with one file in it; no job may read or change it. */
  readonly canary: string
  readonly canaryState: () => string
  rootOf(name: string): string
}

/** A file that no sandbox may read, and what it holds. */
export const canaryText = 'canary-of-the-host'

const digestOf = (name: string): string => createHash('sha256').update(name).digest('hex')
const placeOf = (name: string): string => `${store}/${digestOf(name)}`

function unpack({ name, script }: EvilImage, canary: string): void {
  const place = placeOf(name)
  const from = `${store}/${defaultImage(store)}`
  // The good image's tools and libraries, as links to the same files: an image may replace a file, never write into one.
  const steps = `set -e
    rm -rf "$1"; install -d -m 0700 "$1"; mkdir -p "$1/rootfs/usr/lib"
    cp "$2/owner" "$1/owner"; chown "$(cat "$2/owner"):$(cat "$2/owner")" "$1"
    cd "$2/rootfs"
    cp -al bin lib lib64 sbin proc tmp work sys srv "$1/rootfs"
    cp -al usr/bin usr/lib64 "$1/rootfs/usr"
    cp -al --parents usr/lib/*-linux-gnu/*.so* "$1/rootfs"
    cd "$1/rootfs"; mkdir dev var
    ${script}
    "$3" "$1/rootfs" "$(cat "$1/owner")"`
  const ownTree = `/opt/${instance}/release/native/build/own-tree`
  asRoot(['env', `CANARY=${canary}`, 'bash', '-c', steps, 'bash', place, from, ownTree])
}

/** Both services read the catalogue again, as an operator has them do it. */
const reload = (): unknown =>
  asRoot(['kill', '-HUP', String(servicePid('api')), String(servicePid('worker'))])

function writeIndex(names: readonly string[]): void {
  const index = JSON.parse(readFileSync(`${store}/index.json`, 'utf8')) as { images: unknown[] }
  const added = names.map((name) => ({ name, digest: digestOf(name), languages: {}, bytes: 1 }))
  const text = JSON.stringify({ images: [...index.images, ...added] })
  asRoot(
    [
      'sh',
      '-c',
      'cat > "$1/index.json.new" && mv "$1/index.json.new" "$1/index.json"',
      'sh',
      store,
    ],
    text,
  )
}

/** The api takes a name that it knows; the worker, which judges again, runs it. Until both do, they have not read the index. */
const known = (tenant: Tenant, name: string): Promise<unknown> =>
  persist(async () => {
    const job = await tenant.run(on(name, 'true'))
    if (job.outcome === 'policy-denied') throw new Error('the worker has not read the index yet')
  })

/** A shell program on an image, tried once. */
export const on = (image: string, script: string, more: Partial<JobSpec> = {}): JobSpec => ({
  image,
  command: ['/bin/bash', '-c', script],
  retry: { attempts: 1 },
  ...more,
})

/** Installs the images, and takes them out whatever happens. */
export async function withEvilImages(
  tenant: Tenant,
  images: readonly EvilImage[],
  use: (installed: Installed) => Promise<void>,
): Promise<void> {
  const canary = mkdtempSync(join(tmpdir(), 'stockade-canary-'))
  asRoot(['sh', '-c', 'printf %s "$1" > "$2/file"; chmod 0755 "$2"', 'sh', canaryText, canary])
  const canaryState = (): string =>
    asRoot([
      'sh',
      '-c',
      'find "$1" -printf "%P %i %U %m %s %T@\n"; cat "$1/file"; grep -F "$1" /proc/self/mountinfo || true',
      'sh',
      canary,
    ])
  const changed = asRoot(['stat', '-c', '%y', store]).trim()
  asRoot(['cp', '-a', `${store}/index.json`, `${store}/index.json.kept`])
  try {
    for (const image of images) unpack(image, canary)
    writeIndex(images.map(({ name }) => name))
    reload()
    const [first] = images
    if (first !== undefined) await known(tenant, first.name)
    await use({ canary, canaryState, rootOf: (name) => `${placeOf(name)}/rootfs` })
  } finally {
    asRoot(['mv', `${store}/index.json.kept`, `${store}/index.json`])
    reload()
    asRoot(['rm', '-rf', ...images.map(({ name }) => placeOf(name))])
    asRoot(['touch', '-d', changed, store])
    rmSync(canary, { recursive: true, force: true })
  }
}

/** The job ends as our own failure at a named stage, with nothing of it run; the next job on a good image finds its slot in order. */
export async function refusedAt(
  t: Test,
  tenant: Tenant,
  image: string,
  stage: string,
): Promise<Job> {
  const job = await tenant.run(on(image, 'echo ran'))
  t.equal(job.outcome, 'sandbox-error', `${image}: ${accountOf(job)}`)
  t.equal(job.cause?.stage, stage, `${image}: the stage is named`)
  t.equal(job.stdout ?? '', '', `${image}: nothing of it ran`)
  return job
}

const normalJob: JobSpec = { language: 'bash', source: 'echo normal' }

/** As many jobs as make each slot run one: what an image has spoiled would show. */
export async function nextAreNormal(t: Test, tenant: Tenant): Promise<void> {
  // What was done as root held this process up, and a connection kept from before may be closed by now.
  const jobs = await Promise.all(
    Array.from({ length: 8 }, () => persist(() => tenant.run(normalJob))),
  )
  t.same(
    jobs.map(({ outcome, stdout }) => [outcome, stdout]),
    jobs.map(() => ['ok', 'normal\n']),
    'the next jobs are normal',
  )
}
