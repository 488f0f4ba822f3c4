// Row 15, CVE-2022-0811: a kernel setting inside the value of another one, and so the host's core_pattern.
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant } from '../../stack.js'

const asked = [
  { 'kernel.core_pattern': '|/work/x' },
  { 'kernel.shm_rmid_forced': '1+kernel.core_pattern=|/work/x #' },
  { 'kernel/core_pattern': '|/work/x' },
  { 'net/ipv4/../../kernel/core_pattern': '|/work/x' },
  { 'net.ipv4.ip_unprivileged_port_start': '0' },
  { '': '1' },
]

const value = (): string => readFileSync('/proc/sys/kernel/core_pattern', 'utf8')

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const before = value()
  for (const sysctls of asked) {
    const spec = { language: 'bash', source: 'true', sysctls }
    const answer = await tenant.request('POST', '/v1/jobs', spec)
    t.equal(answer.status, 403, JSON.stringify(sysctls))
    t.match(answer.text, /"rule":"sysctl"/, 'by the rule on kernel settings')
  }
  for (const field of ['sysctl', 'Sysctls', 'kernelSettings']) {
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      [field]: {},
    })
    t.equal(answer.status, 400, `${field} is no field`)
  }
  for (const uid of [1000, 0]) {
    const job = await tenant.run({
      language: 'bash',
      source:
        'for name in kernel/core_pattern kernel/shmmax net/ipv4/ip_forward; do echo 1 > /proc/sys/$name && echo written; done; true',
      user: { uid, gid: uid },
    })
    t.equal(
      outputOf(job).toString(),
      '',
      `uid ${uid}: none can be written from inside; ${accountOf(job)}`,
    )
  }
  t.equal(value(), before, 'core_pattern is as it was')
  const writable = asRoot([
    'unshare',
    '--ipc',
    'sh',
    '-c',
    'cat /proc/sys/kernel/shm_rmid_forced > /proc/sys/kernel/shm_rmid_forced && echo yes',
  ])
  t.equal(writable, 'yes\n', 'control: outside such a setting can be written')
}
