// What no job may change: read before and after all attacks, by root, from the host's side.
import { asRoot, servicePid } from '../stack.js'

const read = (script: string): string => asRoot(['sh', '-c', script]).trim()

/** Digests and lists of what attacks aim at. Equal before and after, or an attack had an effect. */
export function hostState(instance: string): Record<string, unknown> {
  return {
    launcherBinary: read(`sha256sum < /opt/${instance}/release/native/build/launcher`),
    corePattern: read('cat /proc/sys/kernel/core_pattern'),
    hostName: read('cat /proc/sys/kernel/hostname'),
    passwords: read('cat /etc/passwd /etc/shadow /etc/subuid | sha256sum'),
    mounts: read(
      `cut -d' ' -f 3- /proc/self/mountinfo | grep -E '${instance}|overlay|/work' | sort`,
    ),
    imageStore: read(
      `cd /var/lib/${instance}/images && find . -xdev -printf '%p %u %g %m %s %T@\\n' | sort | sha256sum`,
    ),
    services: (['redis', 'launcher', 'worker', 'api'] as const).map(servicePid),
  }
}
