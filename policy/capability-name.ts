// Capability names: every spelling that engines accept comes to one. The list is include/uapi/linux/capability.h
// as of Linux 6.18 (41 of them); a name that is not there means nothing, and is told so.

export const capabilityNames: ReadonlySet<string> = new Set(
  [
    'AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE',
    'DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN',
    'MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID',
    'SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE',
    'SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM',
  ]
    .join(' ')
    .split(' ')
    .map((name) => `CAP_${name}`),
)

/** `net_raw`, ` Cap_Net_Raw` and `CAP_NET_RAW` are one. `ALL` stays `ALL`. */
export function canonicalCapability(text: string): string {
  const name = text.trim().toUpperCase().replaceAll('-', '_')
  if (name === 'ALL' || name === 'CAP_ALL') return 'ALL'
  return name.startsWith('CAP_') ? name : `CAP_${name}`
}
