// The launcher's socket for a test: it listens to the worker's user alone, so a process of that user stands between.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asRoot, instance } from '../stack.js'

const relay = `
const { chmodSync } = require('node:fs')
const { connect, createServer } = require('node:net')
const [, here, there] = process.argv
createServer((client) => {
  const launcher = connect(there)
  client.pipe(launcher).pipe(client)
  client.on('error', () => launcher.destroy())
  launcher.on('error', () => client.destroy())
}).listen(here, () => { chmodSync(here, 0o777); console.log('ready') })
process.stdin.resume().on('end', () => process.exit())`

export type Relay = { readonly socket: string; close(): Promise<void> }

export async function openRelay(): Promise<Relay> {
  const directory = mkdtempSync(join(tmpdir(), 'stockade-relay-'))
  asRoot(['chmod', '0777', directory])
  const socket = join(directory, 'launcher.sock')
  const user = `${instance}-worker`
  const switched = ['setpriv', '--reuid', user, '--regid', user, '--init-groups']
  const node = ['env', '-i', process.execPath] // without the hooks that tap puts into the environment
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const [program = 'true', ...rest] = [...sudo, ...switched, ...node]
  const there = `/run/${instance}/launcher/launcher.sock`
  const child = spawn(program, [...rest, '-e', relay, socket, there], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  return {
    socket,
    async close() {
      child.stdin.end()
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
