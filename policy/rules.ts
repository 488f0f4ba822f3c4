// The rules, all of them, in the order in which verdicts name them. A rule that is not here does not exist.
import type { Rule } from './rule.js'
import { apparmorProfile } from './rule-apparmor-profile.js'
import { apparmorRequired } from './rule-apparmor-required.js'
import { apparmorUnconfined } from './rule-apparmor-unconfined.js'
import { argumentSize } from './rule-argument-size.js'
import { argumentText } from './rule-argument-text.js'
import { artifactGrant } from './rule-artifact-grant.js'
import { callbackAddress } from './rule-callback-address.js'
import { callbackGrant } from './rule-callback-grant.js'
import { capability } from './rule-capability.js'
import { capabilityName } from './rule-capability-name.js'
import { cgroupNamespace } from './rule-cgroup-namespace.js'
import { dependency } from './rule-dependency.js'
import { device } from './rule-device.js'
import { environmentName } from './rule-environment-name.js'
import { environmentSize } from './rule-environment-size.js'
import { environmentText } from './rule-environment-text.js'
import { fileConflict } from './rule-file-conflict.js'
import { fileCount } from './rule-file-count.js'
import { fileMode } from './rule-file-mode.js'
import { filePath } from './rule-file-path.js'
import { fileSize } from './rule-file-size.js'
import { hostKernel } from './rule-host-kernel.js'
import { hostNetwork } from './rule-host-network.js'
import { hostPath } from './rule-host-path.js'
import { hostSocket } from './rule-host-socket.js'
import { identityRange } from './rule-identity-range.js'
import { identityRoot } from './rule-identity-root.js'
import { image } from './rule-image.js'
import { ipcNamespace } from './rule-ipc-namespace.js'
import { label } from './rule-label.js'
import { landlockMinimum } from './rule-landlock-minimum.js'
import { language } from './rule-language.js'
import { limitFit } from './rule-limit-fit.js'
import { limitMaximum } from './rule-limit-maximum.js'
import { limitMinimum } from './rule-limit-minimum.js'
import { mountGrant } from './rule-mount-grant.js'
import { mountNamespace } from './rule-mount-namespace.js'
import { mountTarget } from './rule-mount-target.js'
import { networkGrant } from './rule-network-grant.js'
import { networkNamespace } from './rule-network-namespace.js'
import { networkSharing } from './rule-network-sharing.js'
import { pidNamespace } from './rule-pid-namespace.js'
import { priority } from './rule-priority.js'
import { privileged } from './rule-privileged.js'
import { program } from './rule-program.js'
import { runtimeMinimum } from './rule-runtime-minimum.js'
import { seccompLearning } from './rule-seccomp-learning.js'
import { seccompProfile } from './rule-seccomp-profile.js'
import { seccompUnconfined } from './rule-seccomp-unconfined.js'
import { secretGrant } from './rule-secret-grant.js'
import { secretSize } from './rule-secret-size.js'
import { session } from './rule-session.js'
import { setuid } from './rule-setuid.js'
import { stdinSize } from './rule-stdin-size.js'
import { stepCount } from './rule-step-count.js'
import { stepTotal } from './rule-step-total.js'
import { sysctl } from './rule-sysctl.js'
import { tests } from './rule-tests.js'
import { timeNamespace } from './rule-time-namespace.js'
import { userNamespace } from './rule-user-namespace.js'
import { utsNamespace } from './rule-uts-namespace.js'
import { warningRefused } from './rule-warning-refused.js'
import { workDirectory } from './rule-work-directory.js'

/** Raised when a rule gets a new revision or a new rule is added. A verdict names it. */
export const policyRevision = 6

export const rules: readonly Rule[] = [
  language,
  image,
  program,
  stepCount,
  stepTotal,
  secretGrant,
  secretSize,
  artifactGrant,
  session,
  runtimeMinimum,
  argumentText,
  argumentSize,
  workDirectory,
  environmentName,
  environmentText,
  environmentSize,
  filePath,
  fileConflict,
  fileMode,
  fileSize,
  fileCount,
  stdinSize,
  tests,
  limitMaximum,
  limitMinimum,
  limitFit,
  hostPath,
  hostSocket,
  hostKernel,
  mountGrant,
  mountTarget,
  device,
  capability,
  capabilityName,
  privileged,
  userNamespace,
  mountNamespace,
  pidNamespace,
  networkNamespace,
  ipcNamespace,
  utsNamespace,
  cgroupNamespace,
  timeNamespace,
  hostNetwork,
  networkSharing,
  networkGrant,
  seccompUnconfined,
  seccompProfile,
  seccompLearning,
  apparmorUnconfined,
  apparmorProfile,
  apparmorRequired,
  landlockMinimum,
  setuid,
  sysctl,
  identityRoot,
  identityRange,
  callbackGrant,
  dependency,
  callbackAddress,
  label,
  priority,
  warningRefused,
]
