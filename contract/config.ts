// Every setting, declared once: default, schema, meaning. A variable STOCKADE_X is the setting x in the YAML file.
// Unknown settings are errors. No value depends on pid, host name or NODE_ENV.
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

const gibibyte = 1_073_741_824
const bytes = (byDefault: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 1024 * gibibyte, default: byDefault, description })

export const Settings = Type.Object(
  {
    instance: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,22}$',
      default: 'stockade',
      description: 'The name from which users, directories and control groups are derived.',
    }),
    address: Type.String({
      pattern: '^.+:\\d{1,5}$',
      default: '127.0.0.1:7070',
      description: 'Where the API listens.',
    }),
    metricsAddress: Type.String({
      pattern: '^(.+:\\d{1,5})?$',
      default: '',
      description: 'A listener of its own for /metrics. Empty: on the API’s.',
    }),
    workerMetricsAddress: Type.String({
      pattern: '^(.+:\\d{1,5})?$',
      default: '127.0.0.1:7071',
      description: 'Where a worker serves its /metrics. Empty: nowhere.',
    }),
    workerReadyFile: Type.String({
      default: '',
      description: 'Where a worker writes its pid when it takes jobs. Empty: nowhere.',
    }),
    adminSocket: Type.String({
      default: '',
      description: 'The admin socket. Empty: /run/<instance>/api/admin.sock.',
    }),
    sessionSocket: Type.String({
      default: '',
      description: 'Where sessions are reached. Empty: /run/<instance>/worker/session.sock.',
    }),
    redisUrl: Type.String({
      default: '',
      description: 'redis:// or rediss:// of an external Redis. Empty: the embedded one.',
    }),
    redisSocket: Type.String({
      default: '',
      description: 'The embedded Redis. Empty: /run/<instance>/redis/redis.sock.',
    }),
    redisPasswordFile: Type.String({
      default: '',
      description: 'Empty: /var/lib/<instance>/secrets/redis-<process>.password.',
    }),
    sealKeyFile: Type.String({
      default: '',
      description: '32 bytes. Empty: /var/lib/<instance>/secrets/seal.key.',
    }),
    receiptKeyFile: Type.String({
      default: '',
      description:
        'The Ed25519 key (PEM) with which a worker signs receipts. Empty: /var/lib/<instance>/secrets/receipt.key.',
    }),
    attestationDirectory: Type.String({
      default: '',
      description:
        'The public keys of receipts, one JSON Web Key a file. Empty: /var/lib/<instance>/attestation.',
    }),
    imageDirectory: Type.String({
      default: '',
      description: 'The image store. Empty: /var/lib/<instance>/images.',
    }),
    blobDirectory: Type.String({
      default: '',
      description: 'The blob store. Empty: /var/lib/<instance>/blobs.',
    }),
    outputDirectory: Type.String({
      default: '',
      description: 'Large output of jobs. Empty: /var/lib/<instance>/outputs.',
    }),
    auditDirectory: Type.String({
      default: '',
      description: 'The audit logs, a folder for each process. Empty: /var/log/<instance>/audit.',
    }),
    auditWhenFull: Type.Enum(['refuse', 'admit'], {
      default: 'refuse',
      description:
        'While the audit log cannot be written: `refuse` answers new jobs and keys 503, `admit` goes on and holds the lines in memory (8 MiB; beyond that they are lost, and counted).',
    }),
    auditTenantLinesMax: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 120,
      description:
        'Denials and cancels of one tenant that have a line each in the audit log of one api in a minute; more of them are one line with a count.',
    }),
    grantDirectory: Type.String({
      default: '',
      description: 'YAML files, one grant each. Empty: /etc/<instance>/grants.',
    }),
    profileDirectory: Type.String({
      default: '',
      description: 'Seccomp, AppArmor and language profiles. Empty: the release’s own.',
    }),
    seccompDirectory: Type.String({
      default: '',
      description:
        'Seccomp profiles of your own, <name>.json each; none may have a shipped one’s name. Empty: /etc/<instance>/seccomp.',
    }),
    launcherSocket: Type.String({
      default: '',
      description: 'Empty: /run/<instance>/launcher/launcher.sock.',
    }),
    guardFile: Type.String({
      default: '',
      description: 'The engine and the tenants of the guard. Empty: /etc/<instance>/guard.yaml.',
    }),
    guardDirectory: Type.String({
      default: '',
      description:
        'Where the guard opens a socket for each tenant, <tenant>/docker.sock. Empty: /run/<instance>/guard.',
    }),
    slots: Type.Integer({
      minimum: 1,
      maximum: 4096,
      default: 4,
      description: 'Sandboxes at one time on this machine.',
    }),
    waitingSlots: Type.Integer({
      minimum: 0,
      maximum: 4096,
      default: 16,
      description:
        'Sandboxes that are kept ready while there is nothing to do. Under load as many more as ran at one time lately; never more than there are slots.',
    }),
    waitingRoomBytes: bytes(
      268_435_456,
      'With less memory than this left, of the machine or of the launcher’s control group, none is kept ready: each job then waits some milliseconds for its sandbox. 0: kept ready whatever is left.',
    ),
    queuedJobsMax: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      default: 200_000,
      description:
        'Jobs that may wait in all; more are answered 429. The last tenth is for tenants of whom no job waits.',
    }),
    queuedBytesMax: bytes(
      0,
      'Redis memory of jobs that have not ended, all together; more are answered 429. The last tenth is for tenants of whom no job waits. 0: a fifth of its `maxmemory`.',
    ),
    queuedTenantBytesMax: bytes(0, 'The same for one tenant. 0: half of the above.'),
    queuedBlobBytesMax: bytes(
      0,
      'Blobs of jobs that have not ended, all together, on the disk; more are answered 429. The last tenth is for tenants of whom no job waits. 0: a tenth of the disk, at most 8 GiB.',
    ),
    queuedTenantBlobBytesMax: bytes(0, 'The same for one tenant. 0: half of the above.'),
    bodyBytesMax: Type.Integer({
      minimum: 1024,
      maximum: 268_435_456,
      default: 67_108_864,
      description:
        'Largest request body, bytes. The heap of api and worker must be eight times as large, or they do not start; `./stockade up` sees to it.',
    }),
    waitSecondsMax: Type.Integer({
      minimum: 1,
      maximum: 3600,
      default: 300,
      description: 'Longest `wait` a request may ask.',
    }),
    finishedKeepSeconds: Type.Integer({
      minimum: 60,
      maximum: 31_536_000,
      default: 86_400,
      description: 'How long a finished job can be read.',
    }),
    finishedKeepJobs: Type.Integer({
      minimum: 10,
      maximum: 10_000_000,
      default: 100_000,
      description: 'How many finished jobs can be read.',
    }),
    quarantineKeepSeconds: Type.Integer({
      minimum: 60,
      maximum: 31_536_000,
      default: 604_800,
      description:
        'How long a job that lost two workers stays in quarantine, with its payload, for the operator’s look (at most 1000 of them). It is none of its tenant’s stored bytes.',
    }),
    finishedKeepBytes: bytes(
      0,
      'Redis memory of finished jobs, all together: above it the oldest go. 0: three tenths of its `maxmemory`.',
    ),
    finishedKeepTenantBytes: bytes(
      0,
      'The same for one tenant, whose own oldest go first. 0: half of the above.',
    ),
    outputKeepBytes: bytes(
      0,
      'Large output of finished jobs on the disk, all together: above it the oldest jobs that have some go. 0: a tenth of the disk, at most 8 GiB.',
    ),
    outputKeepTenantBytes: bytes(
      0,
      'The same for one tenant, whose own oldest go first. 0: half of the above.',
    ),
    storeFullPercent: Type.Integer({
      minimum: 10,
      maximum: 95,
      default: 80,
      description:
        'Above this part of Redis’s `maxmemory` no job is accepted (503) and the oldest finished ones go early; the rest is for jobs that run.',
    }),
    lockMs: Type.Integer({
      minimum: 1000,
      maximum: 600_000,
      default: 10_000,
      description: 'A worker silent for this long has lost its jobs.',
    }),
    drainMs: Type.Integer({
      minimum: 0,
      maximum: 3_600_000,
      default: 30_000,
      description: 'How long a worker lets its jobs end when told to stop.',
    }),
    requestHeadersMs: Type.Integer({
      minimum: 1000,
      maximum: 600_000,
      default: 10_000,
      description: 'Longest time for the headers of a request.',
    }),
    requestMs: Type.Integer({
      minimum: 1000,
      maximum: 3_600_000,
      default: 60_000,
      description: 'Longest time for a whole request to arrive.',
    }),
    connectionsMax: Type.Integer({
      minimum: 10,
      maximum: 1_000_000,
      default: 4096,
      description: 'Open connections at one time.',
    }),
    addressConnectionsMax: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 1024,
      description:
        'Open connections of one client address (an IPv6 network of 64 bits counts as one). Behind a proxy all clients have its address: raise it to `connectionsMax` there.',
    }),
    tenantWaitsMax: Type.Integer({
      minimum: 1,
      maximum: 1_000_000,
      default: 512,
      description:
        'Requests with `wait` and event streams that one tenant may have open in one api process.',
    }),
    callbackTimeoutMs: Type.Integer({
      minimum: 100,
      maximum: 60_000,
      default: 10_000,
      description: 'How long one try of a webhook may take, from the name to the status line.',
    }),
    callbackRetryMs: Type.Integer({
      minimum: 10,
      maximum: 3_600_000,
      default: 5000,
      description:
        'Wait before the second try of a webhook. Each further one is four times as long, up to an hour, a quarter of it by chance.',
    }),
    callbackTriesMax: Type.Integer({
      minimum: 1,
      maximum: 20,
      default: 10,
      description: 'Tries of a webhook before it is given up: about five hours by default.',
    }),
    callbackSendsMax: Type.Integer({
      minimum: 1,
      maximum: 1024,
      default: 64,
      description: 'Webhooks that one api process sends at one time.',
    }),
    callbackResolvers: Type.String({
      pattern: '^([0-9a-fA-F.:\\[\\]]+(,[0-9a-fA-F.:\\[\\]]+)*)?$',
      default: '',
      description:
        'Name servers for webhooks, `ADDRESS[:PORT]` with commas between. Empty: those of /etc/resolv.conf. /etc/hosts is not read.',
    }),
    callbackAuthorityFile: Type.String({
      default: '',
      description:
        'Certificates (PEM) of the authorities that receivers of webhooks may have. Empty: the public ones.',
    }),
    keyRequestsPerMinute: Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 60_000,
      description:
        'Requests of one key in a minute in one api process, beside jobs that are sent (those are counted by quotas); more are answered 429.',
    }),
    usageKeepDays: Type.Integer({
      minimum: 1,
      maximum: 3650,
      default: 400,
      description:
        'How long the daily rows of usage are kept. Rows that are there when it is changed keep their time.',
    }),
    tenantMetricsMax: Type.Integer({
      minimum: 0,
      maximum: 1000,
      default: 20,
      description:
        'Tenants that metrics name: the busiest of the day; all others are `other`. None is named where /metrics is on the API’s own address, which asks for no key.',
    }),
    logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], {
      default: 'info',
      description: 'Least severe line that is logged.',
    }),
    docsUrl: Type.String({ default: '/docs', description: 'Where error links point.' }),
  },
  { additionalProperties: false, $id: 'Settings' },
)

export type Settings = Static<typeof Settings>
type SettingName = keyof Settings

const properties = Settings.properties as unknown as Record<
  string,
  { type?: string; default: unknown; description: string }
>
const check = Compile(Settings)

/** The variable of a setting: `queuedJobsMax` is `STOCKADE_QUEUED_JOBS_MAX`. */
export function variableOf(setting: string): string {
  return `STOCKADE_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

export class SettingsError extends Error {}

function fromText(name: string, text: string): unknown {
  if (properties[name]?.type !== 'integer') return text
  return /^-?\d+$/.test(text) ? Number(text) : text
}

/**
 * Settings from parsed file content and the environment (which wins). Pure: the caller reads the file.
 * @throws SettingsError naming every fault at once: an unknown name, a wrong type, a value out of range.
 */
export function readSettings(
  file: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  for (const name of Object.keys(properties)) values[name] = properties[name]?.default
  for (const [name, value] of Object.entries(file)) {
    if (name in properties) values[name] = value
    else faults.push(`unknown setting ${name}`)
  }
  const byVariable = new Map(Object.keys(properties).map((name) => [variableOf(name), name]))
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('STOCKADE_') || variable === 'STOCKADE_CONFIG' || text === undefined)
      continue
    const name = byVariable.get(variable)
    if (name === undefined) faults.push(`unknown variable ${variable}`)
    else values[name] = fromText(name, text)
  }
  if (!check.Check(values)) {
    for (const fault of check.Errors(values))
      faults.push(`${fault.instancePath.slice(1)} ${fault.message}`)
  }
  if (faults.length > 0) throw new SettingsError(`settings: ${faults.join('; ')}`)
  return withPaths(values as Settings)
}

function withPaths(settings: Settings): Settings {
  const { instance } = settings
  const derived: Partial<Record<SettingName, string>> = {
    adminSocket: `/run/${instance}/api/admin.sock`,
    sessionSocket: `/run/${instance}/worker/session.sock`,
    redisSocket: `/run/${instance}/redis/redis.sock`,
    sealKeyFile: `/var/lib/${instance}/secrets/seal.key`,
    receiptKeyFile: `/var/lib/${instance}/secrets/receipt.key`,
    attestationDirectory: `/var/lib/${instance}/attestation`,
    imageDirectory: `/var/lib/${instance}/images`,
    blobDirectory: `/var/lib/${instance}/blobs`,
    outputDirectory: `/var/lib/${instance}/outputs`,
    auditDirectory: `/var/log/${instance}/audit`,
    grantDirectory: `/etc/${instance}/grants`,
    seccompDirectory: `/etc/${instance}/seccomp`,
    launcherSocket: `/run/${instance}/launcher/launcher.sock`,
    guardFile: `/etc/${instance}/guard.yaml`,
    guardDirectory: `/run/${instance}/guard`,
  }
  const filled = { ...settings }
  for (const [name, path] of Object.entries(derived)) {
    const key = name as keyof typeof derived
    if (filled[key] === '') Object.assign(filled, { [key]: path })
  }
  return filled
}
