// The secrets of a job on their way into its sandbox: files outside of the workspace, variables that no plan has, and what is masked.
import type { JobSpec } from '../contract/job.js'
import { secretBytesOf, secretDirectory, secretMode } from '../contract/secret.js'
import type { SandboxFile } from '../native/launch-encode.js'
import { type Masking, maskingOf } from './mask.js'

export type RunSecrets = {
  /** For every program but a compiler. */
  readonly variables: ReadonlyMap<string, string>
  readonly masking: Masking | null
}

const bytesOf = (secret: Parameters<typeof secretBytesOf>[0]): Buffer =>
  secretBytesOf(secret) ?? Buffer.alloc(0)

/** The root of a sandbox is memory, and so are these: nothing of them is ever on a disk. */
export function secretFiles({ secrets = [] }: Pick<JobSpec, 'secrets'>): SandboxFile[] {
  return secrets
    .filter(({ as }) => as !== 'environment')
    .map((secret) => ({
      path: `${secretDirectory.slice(1)}/${secret.name}`,
      mode: secret.mode ?? secretMode,
      bytes: bytesOf(secret),
      isInRun: true,
    }))
}

export function secretsOf({ secrets = [] }: JobSpec): RunSecrets {
  const inEnvironment = secrets.filter(({ as }) => as === 'environment')
  return {
    variables: new Map(inEnvironment.map((one) => [one.name, bytesOf(one).toString('utf8')])),
    masking: maskingOf(secrets.map(bytesOf)),
  }
}
