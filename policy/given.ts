// Given: what a door can give beyond what every job gets. A rule asks here instead of knowing which door a request came through.
import { type Grant, runtimeCapabilities } from '../contract/grant.js'

export type Given = {
  readonly capabilities: readonly string[]
  /** Networks, by the words in which they are asked. */
  readonly networks: readonly string[]
  /** Another container or sandbox of the same tenant, as it is asked: `container:web`. */
  readonly peers: readonly string[]
  /** Volumes of the tenant’s own, and tmpfs within its memory. */
  readonly mounts: boolean
  /** Whether an image’s own command is run where none is asked. */
  readonly imageCommand: boolean
}

/** A job’s sandbox has nothing but what its grant says and the native runtime can keep. */
export const givenToJobs = (grant: Grant): Given => ({
  capabilities: grant.capabilities.filter((name) => runtimeCapabilities.includes(name)),
  networks: grant.networks,
  peers: [],
  mounts: false,
  imageCommand: false,
})
