// Mounts of a container by every road that Docker has: Binds, Mounts, Volumes, Tmpfs, VolumesFrom and what the image declares. All come to
// the ask’s mounts, and what is allowed is written as one list.
import { nameLabel, tenantLabel } from '../contract/docker-owner.js'
import type { Asked, AskedMount } from './ask.js'
import type { Subject } from './docker-adapted.js'
import type { DockerContext, OwnedImage } from './docker-door.js'
import { ownLabels } from './docker-labels.js'
import { tmpfsOptions } from './docker-tmpfs.js'

export type Mounts = {
  readonly asked: AskedMount[]
  /** What the tmpfs mounts take of the memory, bytes; with the place of the first. */
  readonly tmpfsBytes: Asked<number>[]
  /** As `HostConfig.Mounts` has them. */
  readonly written: WrittenMount[]
  /** By target, as `HostConfig.Tmpfs` has them. */
  readonly tmpfs: Record<string, string>
}

type WrittenMount = Readonly<Record<string, unknown>> & { readonly Target: string }

const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/
const isPath = (source: string): boolean => /[/\\:]|^[.~]/.test(source)

/** A volume with its owner’s labels: an engine makes one that is not there, and gives it these. */
function writtenVolume(
  context: DockerContext,
  name: string | null,
  target: string,
  options: {
    readonly readOnly: boolean
    readonly noCopy: boolean
    readonly labels?: Record<string, string>
  },
): WrittenMount {
  const labels = { ...options.labels, [tenantLabel]: context.tenant, [nameLabel]: name ?? '' }
  const engine =
    name === null ? '' : (context.owned.volume(name) ?? context.engineName('volume', name))
  return {
    Type: 'volume',
    ...(engine === '' ? {} : { Source: engine }),
    Target: target,
    ReadOnly: options.readOnly,
    VolumeOptions: { NoCopy: options.noCopy, Labels: labels },
  }
}

function checkVolumeName({ findings }: Subject, source: Asked<string>): void {
  if (!isPath(source.value) && !volumeName.test(source.value))
    findings.deny(
      'docker-name',
      source,
      'A volume’s name has letters, digits, `_`, `.` and `-`, at most 128.',
    )
}

const plainModes = ['rw', 'z', 'Z', 'consistent', 'cached', 'delegated']

/** `name:/target[:mode]` or `/target`. */
function addBind(subject: Subject, mounts: Mounts, bind: Asked<string>): void {
  const { context, findings } = subject
  const { value, pointer } = bind
  const parts = value.split(':')
  const [source, target, mode] = parts.length === 1 ? [null, parts[0], undefined] : parts
  if (parts.length > 3 || target === undefined)
    findings.deny('docker-form', pointer, 'A bind is `volume:/target` or `volume:/target:options`.')
  const modes = (mode ?? '').split(',').filter((one) => one !== '')
  for (const one of modes)
    if (one !== 'ro' && one !== 'nocopy' && !plainModes.includes(one))
      findings.deny(
        'docker-mount',
        pointer,
        'Of options there are ro, rw and nocopy; propagation is never shared.',
      )
  const asked = source === null ? null : { value: source ?? '', pointer }
  const type =
    asked !== null && (isPath(asked.value) || asked.value.trim() === '') ? 'bind' : 'volume'
  mounts.asked.push({ pointer, type, source: asked, target: { value: target ?? '', pointer } })
  if (type === 'bind') return
  if (asked !== null) checkVolumeName(subject, asked)
  mounts.written.push(
    writtenVolume(context, asked?.value ?? null, target ?? '', {
      readOnly: modes.includes('ro'),
      noCopy: modes.includes('nocopy'),
    }),
  )
}

/** What a volume’s driver is told: options of `local` are those of mount(8), so whatever they name is a path of the host. */
function askedDriver({ body, findings }: Subject, at: string, target: Asked<string>): AskedMount[] {
  const driver = body.text(`${at}/Name`)
  if (driver !== null && driver.value !== 'local')
    findings.deny('docker-driver', driver, 'Of volume drivers there is `local`.')
  return askedOptions(body.settings(`${at}/Options`), `${at}/Options`, target)
}

export function askedOptions(
  options: readonly { readonly name: string; readonly value: string; readonly pointer: string }[],
  at: string,
  target: Asked<string>,
): AskedMount[] {
  if (options.length === 0) return []
  const device = options.find(({ name }) => name.toLowerCase() === 'device')
  const source = device ?? { value: '', pointer: at }
  return [
    { pointer: at, type: 'bind', source: { value: source.value, pointer: source.pointer }, target },
  ]
}

function addVolume(subject: Subject, mounts: Mounts, at: string, target: Asked<string>): void {
  const { body, context } = subject
  const source = body.text(`${at}/Source`)
  const volume = `${at}/VolumeOptions`
  mounts.asked.push({ pointer: at, type: 'volume', source, target })
  mounts.asked.push(...askedDriver(subject, `${volume}/DriverConfig`, target))
  if (source !== null) checkVolumeName(subject, source)
  mounts.written.push(
    writtenVolume(context, source?.value ?? null, target.value, {
      readOnly: body.truth(`${at}/ReadOnly`)?.value ?? false,
      noCopy: body.truth(`${volume}/NoCopy`)?.value ?? false,
      labels: ownLabels(subject, `${volume}/Labels`).plain,
    }),
  )
}

function addTmpfs(subject: Subject, mounts: Mounts, at: string, target: Asked<string>): void {
  const { body, findings, context } = subject
  const source = body.text(`${at}/Source`)
  mounts.asked.push({ pointer: at, type: 'tmpfs', source, target })
  const size = body.number(`${at}/TmpfsOptions/SizeBytes`) ?? usualSize(context, at)
  const mode = body.number(`${at}/TmpfsOptions/Mode`)
  if (mode !== null && (mode.value & ~0o1777) !== 0)
    findings.deny(
      'docker-mount',
      mode,
      'A mode is at most 01777; set-uid and set-gid are not given.',
    )
  mounts.tmpfsBytes.push(size)
  mounts.written.push({
    Type: 'tmpfs',
    Target: target.value,
    ReadOnly: body.truth(`${at}/ReadOnly`)?.value ?? false,
    TmpfsOptions: { SizeBytes: size.value, ...(mode === null ? {} : { Mode: mode.value }) },
  })
}

const usualSize = ({ grant }: DockerContext, pointer: string): Asked<number> => ({
  value: grant.grant.limits.diskBytes.default,
  pointer,
})

const optionsOf = { BindOptions: 'bind', VolumeOptions: 'volume', TmpfsOptions: 'tmpfs' } as const

/** Options of another kind of mount are refused: engines of other versions read them. */
function checkOptions({ body, findings }: Subject, at: string, type: string): void {
  for (const [field, kind] of Object.entries(optionsOf)) {
    if (kind !== type && body.has(`${at}/${field}`))
      findings.deny('docker-mount', `${at}/${field}`, `These are options of a ${kind} mount.`)
    if (kind !== type || kind === 'bind') body.whole(`${at}/${field}`)
  }
}

function addMount(subject: Subject, mounts: Mounts, at: string): void {
  const { body, findings } = subject
  const type = body.text(`${at}/Type`)
  const target = body.text(`${at}/Target`) ?? { value: '', pointer: `${at}/Target` }
  checkOptions(subject, at, type?.value ?? '')
  if (type?.value === 'volume') addVolume(subject, mounts, at, target)
  else if (type?.value === 'tmpfs') addTmpfs(subject, mounts, at, target)
  else {
    // Whatever it is called, it is something of the host’s: the rules of host paths speak.
    const source = body.text(`${at}/Source`) ?? { value: '', pointer: `${at}/Source` }
    mounts.asked.push({ pointer: at, type: 'bind', source, target })
    if (type?.value !== 'bind')
      findings.deny(
        'docker-mount',
        type ?? `${at}/Type`,
        'Of mounts there are `volume` and `tmpfs`.',
      )
  }
}

function addTmpfsMap(subject: Subject, mounts: Mounts, at: string): void {
  for (const { name, value, pointer } of subject.body.settings(at)) {
    const read = tmpfsOptions(value)
    for (const fault of read.faults) subject.findings.deny('docker-mount', pointer, fault)
    const size =
      read.size === null ? usualSize(subject.context, pointer) : { value: read.size, pointer }
    mounts.asked.push({ pointer, type: 'tmpfs', source: null, target: { value: name, pointer } })
    mounts.tmpfsBytes.push(size)
    mounts.tmpfs[name] = [...read.options, `size=${size.value}`].join(',')
  }
}

/** Volumes without a name: those asked, and those the image declares, so that they too have an owner. */
function addNameless(subject: Subject, mounts: Mounts, image: OwnedImage | null): void {
  const taken = new Set([
    ...mounts.written.map(({ Target }) => Target),
    ...Object.keys(mounts.tmpfs),
  ])
  const asked = subject.body.keys('/Volumes')
  for (const target of asked)
    mounts.asked.push({ pointer: target.pointer, type: 'volume', source: null, target })
  for (const target of new Set([...asked.map(({ value }) => value), ...(image?.volumes ?? [])]))
    if (!taken.has(target))
      mounts.written.push(
        writtenVolume(subject.context, null, target, { readOnly: false, noCopy: false }),
      )
}

/** `HostConfig` of a container; its volumes from others are read by `volumesFrom`. */
export function mountsOfContainer(subject: Subject, image: OwnedImage | null): Mounts {
  const mounts: Mounts = { asked: [], tmpfsBytes: [], written: [], tmpfs: {} }
  for (const bind of subject.body.texts('/HostConfig/Binds')) addBind(subject, mounts, bind)
  for (const { pointer } of subject.body.below('/HostConfig/Mounts'))
    addMount(subject, mounts, pointer)
  addTmpfsMap(subject, mounts, '/HostConfig/Tmpfs')
  const driver = subject.body.text('/HostConfig/VolumeDriver')
  if (driver !== null && driver.value !== 'local')
    subject.findings.deny('docker-driver', driver, 'Of volume drivers there is `local`.')
  // The engine takes the image’s volumes from the other container where that has them: then they are left to it.
  if (!subject.body.has('/HostConfig/VolumesFrom')) addNameless(subject, mounts, image)
  else
    for (const target of subject.body.keys('/Volumes'))
      mounts.asked.push({ pointer: target.pointer, type: 'volume', source: null, target })
  return mounts
}

/** Mounts of a service: the same list, without the other roads. */
export function mountsOfService(subject: Subject, at: string): Mounts {
  const mounts: Mounts = { asked: [], tmpfsBytes: [], written: [], tmpfs: {} }
  for (const { pointer } of subject.body.below(at)) addMount(subject, mounts, pointer)
  return mounts
}

/** `container[:ro|:rw]`, each the tenant’s own: its mounts were judged when it was made. */
export function volumesFrom({ body, context, findings }: Subject): {
  asked: AskedMount[]
  written: string[]
} {
  const asked: AskedMount[] = []
  const written: string[] = []
  for (const { value, pointer } of body.texts('/HostConfig/VolumesFrom')) {
    const [reference = '', mode = 'rw', ...rest] = value.split(':')
    const id = context.owned.container(reference)
    if (/[/\\]/.test(reference))
      asked.push({
        pointer,
        type: 'bind',
        source: { value: reference, pointer },
        target: { value: '/from', pointer },
      })
    else if (id === null) findings.deny('docker-owner', pointer, `No such container: ${reference}`)
    if (rest.length > 0 || !/^(ro|rw)(,z|,Z)?$|^[zZ]$/.test(mode))
      findings.deny('docker-mount', pointer, 'Volumes are taken from a container as `ro` or `rw`.')
    if (id !== null) written.push(`${id}:${mode.startsWith('ro') ? 'ro' : 'rw'}`)
  }
  return { asked, written }
}
