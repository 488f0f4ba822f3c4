// The bytes of one whole conversation with the launcher: /bin/true in a full sandbox, END included.
import { readFileSync } from 'node:fs'
import { frameTypes } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'
import { encodeSandbox, encodeStep } from '../../native/launch-client.js'
import { encodeFrame } from '../../native/launch-frame.js'
import { compileSeccomp } from '../../native/seccomp.js'

const mebibyte = 1_048_576

const step: PlanStep = {
  name: 'run',
  argv: ['/bin/true'],
  environment: ['PATH=/usr/bin:/bin'],
  directory: '/work',
  wallMs: 10_000,
  cpuMs: 10_000,
  memoryBytes: 64 * mebibyte,
  processes: 16,
  openFiles: 64,
  fileBytes: mebibyte,
  stackBytes: 8 * mebibyte,
  outputBytes: 65_536,
  takesStdin: false,
  seccomp: 'default',
  failureOutcome: 'program',
}

/** For the image of an instance on this machine. */
export function trivialRequest(imageDirectory: string, profileDirectory: string): Buffer {
  const index = JSON.parse(readFileSync(`${imageDirectory}/index.json`, 'utf8')) as {
    images: { name: string; digest: string }[]
  }
  const digest = index.images.find((image) => image.name === 'default')?.digest ?? ''
  const plan: Plan = {
    runtime: 'native',
    imageName: 'default',
    imageDigest: digest,
    hostname: 'sandbox',
    uid: 1000,
    gid: 1000,
    workspace: '/work',
    memoryBytes: 64 * mebibyte,
    diskBytes: 16 * mebibyte,
    diskInodes: 1000,
    processes: 16,
    cpuMillis: 1000,
    proc: 'masked',
    network: 'none',
    apparmor: 'none',
    landlockAbiMinimum: 0,
    lifetimeMs: 60_000,
    attempts: 1,
    expiresAfterMs: 60_000,
    steps: [step],
    fileCount: 0,
  }
  const { program } = compileSeccomp('default', { profilesFolder: profileDirectory })
  return Buffer.concat([
    ...encodeSandbox('bench', plan, []),
    ...encodeStep(step, program, null),
    encodeFrame(frameTypes.end, Buffer.alloc(0)),
  ])
}
