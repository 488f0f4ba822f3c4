// Row 105: secrets where they do not belong: in a job's environment, in a command line, in logs, in Redis' files.
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import { accountOf, asRoot, instance, outputOf, type Tenant, tryAsRoot } from '../../stack.js'
import { serviceLog } from '../service-log.js'

const script = `
env | cut -d= -f1 | sort
for process in /proc/[0-9]*; do tr '\\0' '\\n' < $process/environ; tr '\\0' ' ' < $process/cmdline; echo; done > all 2> /dev/null
grep -c "$SECRET" all
grep -aE 'STOCKADE|REDIS|SEAL|sk_|/opt/|/var/lib/|/run/|/sys/' all && echo leaked
echo end`

/** Names that a shell job's environment has when its caller names none. */
const usual = /^(HOME|PATH|LANG|LC_ALL|PWD|SHLVL|OLDPWD|TMPDIR|USER|LOGNAME|TERM|HOSTNAME|_)$/

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const secret = `secret${randomBytes(12).toString('hex')}`
  const job = await tenant.run({
    language: 'bash',
    source: `${script}\n# ${secret}`,
    env: { SECRET: secret },
    stdin: secret,
    arguments: [secret],
    files: [{ path: 'secret', content: secret }],
  })
  const lines = outputOf(job).toString().trim().split('\n')
  t.equal(lines.at(-1), 'end', accountOf(job))
  const names = lines.slice(
    0,
    lines.findIndex((line) => /^\d+$/.test(line)),
  )
  t.same(
    names.filter((name) => !usual.test(name)),
    ['SECRET'],
    'the environment has what was named, and what every job has',
  )
  t.ok(Number(lines[names.length]) >= 1, 'control: the job itself sees the secret')
  t.notOk(lines.includes('leaked'), 'and nothing of the service')
  for (const service of ['api', 'worker', 'launcher', 'redis'] as const) {
    const log = serviceLog(service).join('\n')
    t.notOk(log.includes(secret), `${service}: no secret in the log`)
    t.notOk(log.includes(tenant.key), `${service}: no key in the log`)
    t.notOk(log.includes(tenant.key.slice(-32)), `${service}: not even half of one`)
  }
  const commands = asRoot(['sh', '-c', 'cat /proc/[0-9]*/cmdline 2> /dev/null | tr "\\0" "\\n"'])
  t.notOk(commands.includes(tenant.key), 'no key on any command line')
  const found = (text: string): string =>
    tryAsRoot([
      'grep',
      '-rlaF',
      '--',
      text,
      `/var/lib/${instance}/redis`,
      `/var/log/${instance}`,
      `/etc/${instance}`,
      `/run/${instance}/started-with`,
    ]).stdout
  t.equal(found(secret), '', 'the payload lies sealed in Redis’ files')
  t.equal(found(tenant.key.slice(-32)), '', 'and a key only as its hash')
  t.not(found(job.id), '', 'control: the job’s id is found there')
  for (const service of ['api', 'worker'] as const) {
    const process = tryAsRoot([
      'sh',
      '-c',
      `tr '\\0' '\\n' < /proc/$(pgrep -o -u ${instance}-${service} node)/environ`,
    ]).stdout
    t.notMatch(
      process,
      /PASSWORD|SECRET|_KEY=|TOKEN/i,
      `${service}: no secret in its own environment`,
    )
  }
}
