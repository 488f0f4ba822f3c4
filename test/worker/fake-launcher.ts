// NOT the launcher: a server in the test's own process that speaks its protocol and runs nothing, for what the real one never
// does (lengths that lie, broken JSON, an early end) and for runs whose end the test decides. Nothing here proves isolation.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Finished, frameTypes, type Started } from '../../contract/launch.js'
import type { Plan, PlanStep } from '../../contract/plan.js'

export type FakeStep = {
  readonly argv: readonly string[]
  readonly name: string
  /** The frame as the launcher would send it, payload as JSON unless it is bytes. */
  send(type: number, payload: object | Buffer): void
  sendRaw(bytes: Buffer): void
  started(other?: Partial<Started>): void
  finished(other?: Partial<Finished>): void
  /** The word of a CANCEL, when one comes. */
  readonly cancelled: Promise<string>
  /** When the worker has let go of the connection. */
  readonly left: Promise<void>
  readonly stdin: Buffer[]
  readonly files: ReadonlyMap<string, Buffer>
  end(): void
}

export type FakeLauncher = {
  readonly steps: FakeStep[]
  /** The next step of this program that nobody has taken yet. */
  nextStep(program: string): Promise<FakeStep>
  close(): Promise<void>
}

type Pairs = ReadonlyMap<string, readonly string[]>

function pairsOf(payload: Buffer): Pairs {
  const texts = payload.toString('utf8').split('\0')
  const pairs = new Map<string, string[]>()
  for (let at = 0; at + 1 < texts.length; at += 2) {
    const list = pairs.get(texts[at] ?? '') ?? []
    list.push(texts[at + 1] ?? '')
    pairs.set(texts[at] ?? '', list)
  }
  return pairs
}

export function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32LE(payload.length, 0)
  head.writeUInt8(type, 4)
  return Buffer.concat([head, payload])
}

const none = '0000000000000000'

/** What a sandbox is asked to be, as far as STARTED tells it back. */
export type AskedSandbox = Pick<Plan, 'uid' | 'gid' | 'diskBytes' | 'diskInodes' | 'network'> &
  Pick<
    PlanStep,
    'memoryBytes' | 'processes' | 'openFiles' | 'fileBytes' | 'stackBytes' | 'cpuMs'
  > & { readonly apparmor?: string }

function askedOf(sandbox: Pairs, step: Pairs): AskedSandbox {
  const number = (pairs: Pairs, key: string): number => Number(pairs.get(key)?.[0])
  return {
    uid: number(sandbox, 'uid'),
    gid: number(sandbox, 'gid'),
    diskBytes: number(sandbox, 'disk-bytes'),
    diskInodes: number(sandbox, 'disk-inodes'),
    network: sandbox.get('loopback')?.[0] === 'up' ? 'loopback' : 'none',
    memoryBytes: number(step, 'memory-bytes'),
    processes: number(step, 'processes'),
    openFiles: number(step, 'open-files'),
    fileBytes: number(step, 'file-bytes'),
    stackBytes: number(step, 'stack-bytes'),
    cpuMs: number(step, 'cpu-ms'),
    apparmor: sandbox.get('apparmor')?.[0] ?? 'none',
  }
}

/** The report of a kernel that has done all that was asked. */
export function startedOf(asked: AskedSandbox): Started {
  return {
    slot: 0,
    cgroupVersion: 2,
    hostPid: 4242,
    uidMap: '0 165536 65536',
    gidMap: '0 165536 65536',
    uid: asked.uid,
    gid: asked.gid,
    namespaces: { user: 1, mnt: 2, pid: 3, net: 4, ipc: 5, uts: 6, cgroup: 7, time: 8 },
    sharedWithHost: [],
    capabilities: {
      inheritable: none,
      permitted: none,
      effective: none,
      bounding: none,
      ambient: none,
    },
    noNewPrivileges: true,
    seccompMode: 2,
    seccompFilters: 2,
    landlockAbi: 7,
    landlockRestricted: true,
    apparmor: asked.apparmor ?? 'none',
    memoryLimitBytes: asked.memoryBytes,
    swapLimitBytes: 0,
    processLimit: asked.processes,
    cpuQuotaUs: 100_000,
    cpuPeriodUs: 100_000,
    resourceLimits: {
      openFiles: asked.openFiles,
      fileBytes: asked.fileBytes,
      stackBytes: asked.stackBytes,
      coreBytes: 0,
      cpuSeconds: Math.floor(asked.cpuMs / 1000) + 10,
    },
    diskLimit: { bytes: asked.diskBytes, inodes: asked.diskInodes },
    network: { devices: ['lo'], ipv4: asked.network === 'loopback', ipv6: false },
    setupUs: 1000,
  }
}

export const plainFinished: Omit<Finished, 'name'> = {
  ended: 'exited',
  exitCode: 0,
  signal: 0,
  reason: 'none',
  reasonUs: 0,
  execErrno: 0,
  wallUs: 1500,
  cpuUs: 1000,
  userUs: 600,
  systemUs: 400,
  memoryPeakBytes: 4096,
  memoryOomKills: 0,
  processPeak: 1,
  processRefusals: 0,
  processRefusedUs: 0,
  processesAtKill: 0,
  outputBytes: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  diskBytes: 0,
  diskInodes: 0,
  diskRoomUs: 1500,
  diskFullUs: 0,
  throttledUs: 0,
  setupUs: 1000,
  killUs: 10,
}

type Parsed = { type: number; payload: Buffer }

function cut(held: Buffer): { frames: Parsed[]; rest: Buffer } {
  const frames: Parsed[] = []
  let at = 0
  while (held.length - at >= 5) {
    const length = held.readUInt32LE(at)
    if (held.length - at < 5 + length) break
    frames.push({ type: held[at + 4] ?? 0, payload: held.subarray(at + 5, at + 5 + length) })
    at += 5 + length
  }
  return { frames, rest: held.subarray(at) }
}

function serve(socket: Socket, onStep: (step: FakeStep) => void): void {
  let held: Buffer = Buffer.alloc(0)
  let sandbox: Pairs = new Map()
  let cancel: (word: string) => void = () => undefined
  let stdin: Buffer[] = []
  let path = ''
  const files = new Map<string, Buffer>()
  const left = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const send = (type: number, payload: object | Buffer): void => {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload))
    if (!socket.destroyed) socket.write(frame(type, bytes))
  }
  const begin = (step: Pairs): FakeStep => {
    const name = step.get('name')?.[0] ?? ''
    stdin = []
    return {
      argv: step.get('argument') ?? [],
      name,
      send,
      sendRaw: (bytes) => socket.write(bytes),
      started: (other) =>
        send(frameTypes.started, { ...startedOf(askedOf(sandbox, step)), ...other }),
      finished: (other) => send(frameTypes.finished, { name, ...plainFinished, ...other }),
      cancelled: new Promise((resolve) => {
        cancel = resolve
      }),
      left,
      stdin,
      files,
      end: () => socket.destroy(),
    }
  }
  const take = ({ type, payload }: Parsed): void => {
    if (type === frameTypes.sandbox) sandbox = pairsOf(payload)
    if (type === frameTypes.step) onStep(begin(pairsOf(payload)))
    if (type === frameTypes.stdin) stdin.push(Buffer.from(payload))
    if (type === frameTypes.cancel) cancel(payload.toString('utf8'))
    if (type === frameTypes.end) send(frameTypes.destroyed, { leftProcesses: 0, destroyUs: 5 })
    if (type === frameTypes.file) path = payload.subarray(12).toString('utf8')
    if (type === frameTypes.file) files.set(path, Buffer.alloc(0))
    if (type === frameTypes.data)
      files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), payload]))
  }
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    const { frames, rest } = cut(Buffer.concat([held, bytes]))
    held = Buffer.from(rest)
    for (const one of frames) take(one)
  })
}

/** `onStep` decides; without it the test takes each step by `nextStep`. */
export async function openFakeLauncher(
  path: string,
  onStep: (step: FakeStep) => void = () => undefined,
): Promise<FakeLauncher> {
  const steps: FakeStep[] = []
  const sockets = new Set<Socket>()
  const waiting: { program: string; take(step: FakeStep): void }[] = []
  const taken = new Set<FakeStep>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, (step) => {
      steps.push(step)
      onStep(step)
      const at = waiting.findIndex(({ program }) => program === step.argv[0])
      const [next] = at < 0 ? [] : waiting.splice(at, 1)
      if (next === undefined) return
      taken.add(step)
      next.take(step)
    })
  })
  server.listen(path)
  await once(server, 'listening')
  return {
    steps,
    nextStep(program) {
      const step = steps.find((one) => one.argv[0] === program && !taken.has(one))
      if (step === undefined) return new Promise((take) => waiting.push({ program, take }))
      taken.add(step)
      return Promise.resolve(step)
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
