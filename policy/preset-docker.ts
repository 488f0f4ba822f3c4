// What the presets give at the Docker door: nothing, but for `platform`.
import type { GrantDocker } from '../contract/grant-docker.js'

export const noDocker: GrantDocker = {
  allowed: false,
  capabilities: [],
  capabilitiesAdded: [],
  registries: [],
  build: false,
  trafficInside: false,
  swarm: false,
  containers: 0,
  volumes: 0,
  networks: 0,
  ports: 0,
  sharedRoot: 'refused',
}

/** What the entry points of common images need to take up their own user and files. */
export const platformDocker: GrantDocker = {
  allowed: true,
  capabilities: [
    'CAP_CHOWN',
    'CAP_DAC_OVERRIDE',
    'CAP_FOWNER',
    'CAP_FSETID',
    'CAP_KILL',
    'CAP_NET_BIND_SERVICE',
    'CAP_SETGID',
    'CAP_SETUID',
  ],
  capabilitiesAdded: ['CAP_AUDIT_WRITE', 'CAP_SETFCAP', 'CAP_SETPCAP', 'CAP_SYS_CHROOT'],
  registries: [],
  build: true,
  trafficInside: true,
  swarm: false,
  containers: 100,
  volumes: 100,
  networks: 20,
  ports: 20,
  sharedRoot: 'refused',
}
