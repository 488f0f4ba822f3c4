// A socket that leads to the launcher under the worker’s user, the only one that it listens to: for tests of the worker’s own client.
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instance } from '../stack.js'

const relay = `
const { connect, createServer } = require('node:net')
const [path, launcher] = process.argv.slice(1)
createServer({ allowHalfOpen: true }, (peer) => {
  const socket = connect({ path: launcher, allowHalfOpen: true })
  for (const [from, to] of [[peer, socket], [socket, peer]]) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}).listen(path, () => { require('node:fs').chmodSync(path, 0o666); console.log('ready') })
process.stdin.on('end', () => process.exit(0)).resume()`

/** Until the function that it gives is called. */
export async function openWorkerRelay(): Promise<{ socket: string; close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-relay-'))
  chmodSync(folder, 0o777)
  const socket = join(folder, 'launcher.sock')
  const user = `${instance}-worker`
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const switched = ['setpriv', '--reuid', user, '--regid', user, '--init-groups', 'env', '-i']
  const [program = 'true', ...rest] = [...sudo, ...switched, process.execPath]
  const launcher = `/run/${instance}/launcher/launcher.sock`
  const child = spawn(program, [...rest, '-e', relay, socket, launcher], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', () => reject(new Error('the relay did not start')))
  })
  return {
    socket,
    close() {
      child.stdin.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
