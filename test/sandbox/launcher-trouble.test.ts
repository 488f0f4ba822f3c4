// The launcher in trouble that no job can bring about: a failure while it is sending, and a connection that it has no descriptor for.
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { encodeFrame } from '../../native/launch-frame.js'
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import { asRoot, instance, servicePid } from '../stack.js'
import { openConversation, sandboxProcesses } from './conversation.js'

/** Only the user itself may change a limit of its processes, or who may do so in the user namespace that they are in. */
const asLauncher = (command: readonly string[]): string => {
  const user = `${instance}-launcher`
  return asRoot(['setpriv', '--reuid', user, '--regid', user, '--clear-groups', ...command])
}

const image = defaultImage(`/var/lib/${instance}/images`)

/** What a process that waits for room in a pipe has written so far; empty for one that does not wait for it. */
const readStalled = `for pid in "$@"; do
  grep -q pipe_write /proc/$pid/wchan && grep wchar /proc/$pid/io
done 2> /dev/null || true`

/** How often nothing may have happened before nothing is taken to happen any more. */
const looks = 10

/** Waits until a program in a sandbox can write no more, because nobody takes it. */
async function stalled(): Promise<void> {
  const look = (): string =>
    asRoot(['sh', '-c', readStalled, 'sh', ...sandboxProcesses().map(String)])
  let last = ''
  for (let same = 0; same < looks; ) {
    const now = look()
    same = now !== '' && now === last ? same + 1 : 0
    last = now
    await setTimeout(20)
  }
}

/** Pieces of output that are taken before no more is: where in a frame the socket is then full depends on it, and one is enough. */
const taken = [1, 2, 3, 4]

t.test(
  'a failure is told after the frame that is being sent, not in the middle of it',
  async (t) => {
    for (const pieces of taken) {
      const conversation = openConversation()
      const step = plainStep(['/usr/bin/yes'], { outputBytes: 64 * 1_048_576, wallMs: 60_000 })
      conversation.send(framesOf(plainPlan(image, [step]), 'profiles'))
      for (let piece = 0; piece < pieces; piece++) await conversation.next('stdout')
      conversation.hold()
      await stalled()
      conversation.send(encodeFrame(99, Buffer.alloc(0)))
      conversation.read()
      const said = await conversation.next('failed').then(
        ({ payload }) => payload.toString(),
        (error: Error) => error.message,
      )
      t.match(said, /"stage":"watch"/, `after ${pieces} pieces`)
    }
  },
)

t.test(
  'a connection that finds no free descriptor is lost, and the launcher serves the next',
  async (t) => {
    const front = servicePid('launcher')
    const inner = asRoot(['cat', `/proc/${front}/task/${front}/children`]).trim()
    const limits = asLauncher([
      'prlimit',
      '--pid',
      inner,
      '--nofile',
      '--noheadings',
      '--output',
      'SOFT,HARD',
    ])
    const [soft, hard] = limits.trim().split(/\s+/)
    const frames = framesOf(plainPlan(image, [plainStep(['/bin/true'])]), 'profiles')
    asLauncher(['prlimit', '--pid', inner, `--nofile=4:${hard}`])
    try {
      const lost = openConversation()
      lost.send(frames)
      await t.rejects(lost.next('finished'), /hung up/, 'nobody answers')
    } finally {
      asLauncher(['prlimit', '--pid', inner, `--nofile=${soft}:${hard}`])
    }
    const next = openConversation()
    next.send(Buffer.concat([frames, endFrame]))
    t.match((await next.next('finished')).payload.toString(), /"exitCode":0/)
    await next.next('destroyed')
    t.equal(servicePid('launcher'), front, 'it is the same launcher')
  },
)
