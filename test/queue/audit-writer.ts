// A process that writes an audit log as fast as it can, for a test that kills it.
import { pino } from 'pino'
import { openAuditLog } from '../../queue/audit-log.js'
import { openSealer } from '../../queue/seal.js'

const [directory = '', keyFile = ''] = process.argv.slice(2)
const audit = await openAuditLog({
  ...{ directory, process: 'api', sealer: openSealer(keyFile), log: pino({ level: 'silent' }) },
  onLine: () => undefined,
  onFailure: () => undefined,
})
for (let at = 0; ; at++) {
  for (let line = 0; line < 50; line++)
    audit.tell({
      ...{ act: 'cancel', caller: { door: 'admin-socket' }, requestId: 'x'.repeat(64) },
      ...{ job: `job_${'0'.repeat(26)}`, result: 'cancelled' },
    })
  await audit.settled()
  if (at === 20) process.stdout.write('many\n')
}
