// A conversation with the running launcher as the worker's user, frame by frame: for what no job can bring about.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Settings } from '../../contract/config.js'
import { frameTypes } from '../../contract/launch.js'
import { type Frame, openFrameCutter } from '../../native/launch-frame.js'
import { asRoot, instance, persist } from '../stack.js'

/** Between our pipes and the socket, under the only user that the launcher listens to. */
const relay = `
const socket = require('node:net').connect(process.argv[1])
process.stdin.pipe(socket)
socket.pipe(process.stdout)
socket.on('error', (error) => { console.error(error.message); process.exit(1) })`

const lastFrames: readonly number[] = [frameTypes.failed, frameTypes.refused, frameTypes.destroyed]

export type Conversation = {
  send(bytes: Buffer): void
  /** The next frame of this type; those before it are passed over. @throws Error when another last frame comes, or none. */
  next(type: keyof typeof frameTypes): Promise<Frame>
  /** The next frame of one type, and all of another that came before it. @throws Error as `next` */
  until(
    last: keyof typeof frameTypes,
    kept: keyof typeof frameTypes,
  ): Promise<{ finished: Frame; output: Frame[] }>
  /** Takes no more of what the launcher says, until `read`: it can then send no further. */
  hold(): void
  read(): void
  /** Hangs up without a word. */
  hangUp(): void
}

function startRelay(): ChildProcess {
  const user = `${instance}-worker`
  const switched = ['setpriv', '--reuid', user, '--regid', user, '--init-groups']
  const node = ['env', '-i', process.execPath] // without the hooks that tap puts into the environment
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const [program = 'true', ...rest] = [...sudo, ...switched, ...node]
  return spawn(program, [...rest, '-e', relay, `/run/${instance}/launcher/launcher.sock`], {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

export function openConversation(): Conversation {
  const child = startRelay()
  const cutter = openFrameCutter()
  const frames: Frame[] = []
  let wake: () => void = () => undefined
  let over = false
  child.stdout?.on('data', (bytes: Buffer) => {
    frames.push(...cutter.push(bytes))
    wake()
  })
  child.on('close', () => {
    over = true
    wake()
  })
  const until = async (
    last: keyof typeof frameTypes,
    kept: keyof typeof frameTypes | null,
  ): Promise<{ finished: Frame; output: Frame[] }> => {
    const output: Frame[] = []
    for (;;) {
      const frame = frames.shift()
      if (frame?.type === frameTypes[last]) return { finished: frame, output }
      if (kept !== null && frame?.type === frameTypes[kept]) output.push(frame)
      if (frame !== undefined && lastFrames.includes(frame.type))
        throw new Error(`frame ${frame.type}: ${frame.payload.toString()}`)
      if (frame !== undefined) continue
      if (over) throw new Error(`the launcher hung up before ${last}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    send: (bytes) => void child.stdin?.write(bytes),
    next: async (type) => (await until(type, null)).finished,
    until,
    hold: () => void child.stdout?.pause(),
    read: () => void child.stdout?.resume(),
    hangUp: () => void child.kill(),
  }
}

/** Host pids of the processes whose uid is one of the launcher's subordinate ids: inits and jobs. */
export function sandboxProcesses(): number[] {
  const first = Number(
    asRoot(['awk', '-F:', `/^${instance}-launcher:/ { print $2; exit }`, '/etc/subuid']),
  )
  const count = Number(
    asRoot(['awk', '-F:', `/^${instance}-launcher:/ { print $3; exit }`, '/etc/subuid']),
  )
  return asRoot(['ps', '-e', '-o', 'uid=,pid='])
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([uid = 0]) => uid >= first && uid < first + count)
    .map(([, pid = 0]) => pid)
}

export const slots = readdirSync(`/run/${instance}/slots`).filter((name) =>
  /^\d+$/.test(name),
).length

/** How many sandboxes wait when nothing runs. */
export const waiting = Math.min(
  slots,
  (Settings.properties.waitingSlots as { default?: number }).default ?? 0,
)

/** Until so many sandboxes wait: an init and a job process each. Their host pids. */
export const poolFull = (wanted = waiting): Promise<number[]> =>
  persist(async () => {
    const processes = sandboxProcesses()
    if (processes.length !== 2 * wanted)
      throw new Error(`${processes.length} processes for ${wanted} slots`)
    return processes
  })
