// What the schema of a grant cannot say: defaults within maxima, limits that fit each other, and nothing promised
// that the runtime cannot keep.
import { type Grant, runtimeCapabilities } from '../contract/grant.js'
import { limitNames, seccompLearn } from './ask.js'
import { originFaults } from './callback-origin.js'
import { capabilityNames } from './capability-name.js'
import { isNetwork } from './ip-network.js'
import { minimumOf } from './limit-minimum.js'
import type { Fault } from './schema-walk.js'
import { warningRules } from './warnings.js'
import { listing, quantity, quote } from './wording.js'

type Report = (pointer: string, message: string) => void

/** Below this the kernel has no room for the arguments and environment of any program (stack / 4). Bytes. */
const stackBytesMinimum = 512 * 1024

function checkPairs(grant: Grant, report: Report): void {
  for (const name of limitNames) {
    const { default: usual, maximum } = grant.limits[name]
    if (usual > maximum)
      report(
        `/limits/${name}/default`,
        `The default ${quantity(name, usual)} is above the maximum ${quantity(name, maximum)}.`,
      )
    if (usual < minimumOf(name))
      report(
        `/limits/${name}/default`,
        `Below ${quantity(name, minimumOf(name))} no sandbox can start.`,
      )
  }
}

/** Each default is to fit its neighbour, else a job that asks for nothing would be refused. */
function checkFit(grant: Grant, report: Report): void {
  const { fileBytes, diskBytes, memoryBytes } = grant.limits
  if (diskBytes.default > memoryBytes.default)
    report('/limits/diskBytes/default', 'Files live in memory: at most the default of memoryBytes.')
  if (diskBytes.maximum > memoryBytes.maximum)
    report('/limits/diskBytes/maximum', 'Files live in memory: at most the maximum of memoryBytes.')
  if (fileBytes.default > diskBytes.default)
    report('/limits/fileBytes/default', 'One file is at most the default of diskBytes.')
  if (fileBytes.maximum > diskBytes.maximum)
    report('/limits/fileBytes/maximum', 'One file is at most the maximum of diskBytes.')
  if (grant.limits.compileMemoryBytes < minimumOf('memoryBytes'))
    report(
      '/limits/compileMemoryBytes',
      `At least ${quantity('memoryBytes', minimumOf('memoryBytes'))}.`,
    )
  if (grant.limits.stackBytes < stackBytesMinimum)
    report('/limits/stackBytes', `At least ${quantity('stackBytes', stackBytesMinimum)}.`)
}

function checkCapabilities(grant: Grant, report: Report): void {
  for (const [index, name] of grant.capabilities.entries()) {
    const pointer = `/capabilities/${index}`
    if (!capabilityNames.has(name)) report(pointer, `Linux has no capability ${quote(name)}.`)
    else if (!runtimeCapabilities.includes(name))
      report(
        pointer,
        `The native runtime gives jobs ${listing(runtimeCapabilities)}; a grant cannot promise ${name}.`,
      )
  }
}

function checkWarnings(grant: Grant, report: Report): void {
  const known = warningRules.map((warning) => warning.id)
  for (const [index, id] of grant.warningsRefused.entries())
    if (!known.includes(id))
      report(
        `/warningsRefused/${index}`,
        `There is no warning ${quote(id)}. Choose from: ${listing(known)}.`,
      )
}

function checkCallbacks(grant: Grant, report: Report): void {
  for (const [index, origin] of grant.callbackOrigins.entries())
    for (const { pointer, message } of originFaults(origin, `/callbackOrigins/${index}`))
      report(pointer, message)
  for (const [index, network] of grant.callbackNetworks.entries())
    if (!isNetwork(network))
      report(
        `/callbackNetworks/${index}`,
        `${quote(network)} is no network: an address with nothing behind its prefix, as in 10.1.0.0/16.`,
      )
}

function checkLists(grant: Grant, report: Report): void {
  if (!grant.networks.includes('none'))
    report('/networks', 'Must hold `none`: it is what a job gets that asks for no network.')
  for (const [index, name] of grant.seccompProfiles.entries()) {
    if (name === 'unconfined') report(`/seccompProfiles/${index}`, 'No grant gives `unconfined`.')
    if (name === seccompLearn)
      report(`/seccompProfiles/${index}`, '`learn` is no profile: see `seccompLearning`.')
  }
  for (const key of [
    'networks',
    'callbackOrigins',
    'callbackNetworks',
    'images',
    'languages',
    'seccompProfiles',
    'warningsRefused',
  ] as const)
    for (const [index, element] of grant[key].entries())
      if ((grant[key] as readonly string[]).indexOf(element) !== index)
        report(`/${key}/${index}`, `${quote(element)} is given twice.`)
}

/** What an engine cannot keep is not promised, and what is given is named once. */
function checkDocker(grant: Grant, report: Report): void {
  const { docker } = grant
  if (docker.allowed && grant.landlockAbiMinimum > 0)
    report('/docker/allowed', 'An engine has no Landlock to give: `landlockAbiMinimum` must be 0.')
  for (const key of ['capabilities', 'capabilitiesAdded', 'registries'] as const)
    for (const [index, element] of docker[key].entries())
      if ((docker[key] as readonly string[]).indexOf(element) !== index)
        report(`/docker/${key}/${index}`, `${quote(element)} is given twice.`)
}

/** Faults beyond the schema of a grant that has passed it. */
export function grantFaults(grant: Grant): Fault[] {
  const faults: Fault[] = []
  const report: Report = (pointer, message) => faults.push({ pointer, message })
  checkPairs(grant, report)
  checkFit(grant, report)
  checkCapabilities(grant, report)
  checkLists(grant, report)
  checkCallbacks(grant, report)
  checkWarnings(grant, report)
  checkDocker(grant, report)
  return faults
}
