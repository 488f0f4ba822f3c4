// What both processes log: JSON lines without a secret or a caller's text, whatever object somebody passes.
import { Redis } from 'ioredis'
import t from 'tap'
import { openLog } from '../../queue/log.js'
import { openLiveRedis } from './live-redis.js'

const redis = await openLiveRedis()
t.teardown(() => redis.close())

for (const service of ['api', 'worker'] as const) {
  const lines: string[] = []
  const log = openLog({ logLevel: 'debug', instance: 'here' }, service, {
    write: (line: string) => void lines.push(line),
  })

  t.test(`${service}: a line says who wrote it, when, and how severe it is`, async (t) => {
    log.info({ jobId: 'job_1' }, 'hello')
    const line = JSON.parse(lines.pop() ?? '{}') as Record<string, string>
    t.match(line, { service, instance: 'here', level: 'info', jobId: 'job_1', msg: 'hello' })
    t.ok(Date.parse(line.time ?? '') > 0)
  })

  t.test(`${service}: nothing of a job, a key or a result`, async (t) => {
    const spec = { source: 'secret-1', env: { A: 'secret-2' }, stdin: 'secret-3' }
    log.info({ spec, payload: 'secret-4', key: 'secret-5', step: { stdout: 'secret-6' } })
    log.info({
      job: { spec: { ...spec, command: ['secret-7'], files: [{ content: 'secret-8' }] } },
    })
    t.notMatch(lines.splice(0).join(''), /secret-/)
  })

  t.test(`${service}: an error of Redis without the values of the command`, async (t) => {
    const path = `${redis.directory}/redis.sock`
    const client = new Redis({ path, username: service, password: `${service}-password` })
    const error: unknown = await client.hset('not-ours', 'payload', 'secret-9').catch((one) => one)
    client.disconnect()
    t.match(error, { command: { args: ['not-ours', 'payload', 'secret-9'] } }, 'it has them')
    log.error({ err: error }, 'failed')
    log.debug({ error }, 'failed')
    const text = lines.splice(0).join('')
    t.match(text, /NOPERM/)
    t.notMatch(text, /secret-9/)
  })
}
