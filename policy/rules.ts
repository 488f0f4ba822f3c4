// Every rule, in the order in which verdicts list them. A rule that is not here does not exist.
import type { Rule } from './rule.js'
import { apparmorProfile } from './rule-apparmor-profile.js'
import { argumentSize } from './rule-argument-size.js'
import { callbackAddress } from './rule-callback-address.js'
import { capabilityWhitelist } from './rule-capability-whitelist.js'
import { devices } from './rule-devices.js'
import { environment } from './rule-environment.js'
import { filePaths } from './rule-file-paths.js'
import { fileSizes } from './rule-file-sizes.js'
import { hostNamespaces } from './rule-host-namespaces.js'
import { hostPathMount } from './rule-host-path-mount.js'
import { image } from './rule-image.js'
import { language } from './rule-language.js'
import { limits } from './rule-limits.js'
import { limitsConsistent } from './rule-limits-consistent.js'
import { mountKinds } from './rule-mount-kinds.js'
import { network } from './rule-network.js'
import { priority } from './rule-priority.js'
import { privileged } from './rule-privileged.js'
import { seccompProfile } from './rule-seccomp-profile.js'
import { setuidGain } from './rule-setuid-gain.js'
import { sysctls } from './rule-sysctls.js'
import { userIdentity } from './rule-user-identity.js'
import { usernsRemap } from './rule-userns-remap.js'
import { workingDirectory } from './rule-working-directory.js'

export const rules: readonly Rule[] = [
  privileged,
  hostPathMount,
  mountKinds,
  devices,
  capabilityWhitelist,
  usernsRemap,
  hostNamespaces,
  network,
  seccompProfile,
  apparmorProfile,
  setuidGain,
  sysctls,
  userIdentity,
  image,
  language,
  limits,
  limitsConsistent,
  environment,
  argumentSize,
  filePaths,
  fileSizes,
  workingDirectory,
  callbackAddress,
  priority,
]
