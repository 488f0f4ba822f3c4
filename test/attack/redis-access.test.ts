// What somebody who has taken over the worker or the api may ask of the embedded Redis, and that Redis keeps what it has confirmed.
import t from 'tap'
import { asRoot, instance } from '../stack.js'

const socket = `/run/${instance}/redis/redis.sock`

/** One command; the password goes by the environment, so that no process list shows it. */
function ask(user: 'api' | 'worker', ...command: string[]): string {
  const password = `/var/lib/${instance}/secrets/redis-${user}.password`
  const line =
    'p=$1 s=$2 u=$3; shift 3; REDISCLI_AUTH=$(cat "$p") redis-cli -s "$s" --user "$u" "$@"'
  return asRoot(['bash', '-c', line, 'ask', password, socket, user, ...command]).trim()
}

t.test('control: both can write and read job data', async (t) => {
  for (const user of ['api', 'worker'] as const) {
    t.equal(ask(user, 'SET', `stockade:{test}:${user}`, 'x', 'PX', '10000'), 'OK')
    t.equal(ask(user, 'GET', `stockade:{test}:${user}`), 'x')
  }
})

t.test('the worker cannot read, write or guess key records, not even by a script', async (t) => {
  ask('api', 'SET', 'stockade:key:test-canary', 'secret', 'PX', '10000')
  t.equal(ask('api', 'GET', 'stockade:key:test-canary'), 'secret', 'control: the api can')
  const script = "return redis.call('GET', 'stockade:key:test-canary')"
  for (const command of [
    ['GET', 'stockade:key:test-canary'],
    ['DEL', 'stockade:key:test-canary'],
    ['SET', 'stockade:key:forged', 'x'],
    ['COPY', 'stockade:key:test-canary', 'stockade:{test}:copy'],
    ['EVAL', script, '1', 'stockade:{test}:x'],
    ['KEYS', '*'],
  ]) {
    const answer = ask('worker', ...command)
    t.match(answer, /NOPERM|can't access/, command.join(' '))
    t.notMatch(answer, 'secret')
  }
})

t.test('neither may change the server', async (t) => {
  for (const user of ['api', 'worker'] as const)
    for (const command of [
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['CONFIG', 'GET', 'dir'],
      ['FLUSHALL'],
      ['DEBUG', 'SLEEP', '0'],
      ['MODULE', 'LIST'],
      ['ACL', 'SETUSER', 'x', 'on', 'nopass', '+@all'],
      ['REPLICAOF', '127.0.0.1', '1'],
      ['SHUTDOWN', 'NOSAVE'],
      ['MONITOR'],
      ['FUNCTION', 'LIST'],
      ['CLIENT', 'KILL', 'TYPE', 'normal'],
      ['SELECT', '1'],
      ['PUBLISH', 'other', 'x'],
    ])
      t.match(
        ask(user, ...command),
        /NOPERM|DEBUG command not allowed/,
        `${user}: ${command.join(' ')}`,
      )
})

t.test('nobody gets in without a user', async (t) => {
  const enter = (...words: string[]): string =>
    asRoot(['redis-cli', '-s', socket, '--no-auth-warning', ...words]).trim()
  t.match(enter('GET', 'stockade:key:x'), 'NOAUTH')
  t.match(enter('AUTH', 'default', ''), 'WRONGPASS')
  t.match(enter('AUTH', 'default', 'x'), 'WRONGPASS')
  const found = asRoot(['bash', '-c', `stat -c %a:%U:%G /run/${instance}/redis ${socket}`])
  t.equal(found, `2750:${instance}-api:${instance}-redis\n770:${instance}-api:${instance}-redis\n`)
})
