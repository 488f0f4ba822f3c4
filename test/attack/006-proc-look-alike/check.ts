// Row 6, CVE-2025-52881 and CVE-2019-19921: an image with ordinary files where a label or a sysctl is written and read back. A write to
// one looks successful and protects nothing.
import type { Test } from 'tap'
import { accountOf, asRoot, outputOf, type Tenant } from '../../stack.js'
import { nextAreNormal, on, withEvilImages } from '../evil-image.js'
import { untilSaid } from '../until-said.js'

const lies = `rm -rf proc && mkdir -p proc/self/attr/apparmor proc/thread-self/attr proc/1/attr proc/sys/user proc/sys/kernel
for place in self thread-self 1; do : > proc/$place/attr/exec; echo 'unconfined' > proc/$place/attr/current
  printf 'NoNewPrivs:\\t1\\nSeccomp:\\t2\\n' > proc/$place/status; : > proc/$place/uid_map; done
for kind in user pid net ipc uts time mnt cgroup; do echo 9 > proc/sys/user/max_\${kind}_namespaces; done
: > proc/self/attr/apparmor/exec; echo lie > proc/look-alike; chmod -R a+rwX proc`

const script = `
stat -f -c %T /proc /proc/self/attr /proc/sys/kernel
[ -e /proc/look-alike ] || echo no look-alike
cat /proc/sys/user/max_user_namespaces
grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/self/status | tr -d '\\t'
exec sleep 20`
const wanted = `proc
proc
proc
no look-alike
0
CapEff:0000000000000000
CapBnd:0000000000000000
NoNewPrivs:1
Seccomp:2
`

/** The same questions from the host's side, of the job's own process: found by its group of processes, not by what it says. */
const fromHost = (): string =>
  asRoot([
    'bash',
    '-c',
    `for pid in $(pgrep -x sleep); do [ "$(tr '\\0' ' ' < /proc/$pid/cmdline)" = 'sleep 20 ' ] || continue
       grep -qs 'look-alike-job' /proc/$pid/environ || continue
       grep -E '^(NoNewPrivs|Seccomp|CapEff|CapBnd):' /proc/$pid/status | tr -d '\\t'; done`,
  ])

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const images = [{ name: 'proc-of-files', script: lies }]
  await withEvilImages(tenant, images, async ({ rootOf }) => {
    const root = rootOf('proc-of-files')
    const told = asRoot([
      'sh',
      '-c',
      'echo profile > "$1/proc/self/attr/exec" && cat "$1/proc/self/attr/exec" && : > "$1/proc/self/attr/exec"',
      'sh',
      root,
    ])
    t.equal(told, 'profile\n', 'outside: a naive write to the look-alike looks successful')
    const good = await tenant.run(on('default', 'true'))
    const { id } = await tenant.submit(
      on('proc-of-files', script, { env: { MARK: 'look-alike-job' } }),
    )
    await untilSaid(tenant, id, 'Seccomp:2')
    t.equal(fromHost(), wanted.split('\n').slice(5).join('\n'), 'the kernel says it from outside')
    await tenant.request('DELETE', `/v1/jobs/${id}`)
    const job = await tenant.finished(id)
    t.equal(job.outcome, 'cancelled')
    t.equal(outputOf(job).toString(), wanted, accountOf(job))
    const { imageDigest: _, uidMap: _u, gidMap: _g, ...inForce } = job.isolation ?? {}
    const { imageDigest: _i, uidMap: _v, gidMap: _h, ...usual } = good.isolation ?? {}
    t.same(inForce, usual, 'what is said to be in force is what is in force on a good image')
  })
  await nextAreNormal(t, tenant)
}
