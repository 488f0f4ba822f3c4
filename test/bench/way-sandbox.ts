// Ours: the launcher's socket, from connecting until it confirms that nothing is left. Warm: a sandbox waits in each slot. Cold: all slots
// but one hold a program that sleeps, so that back to back each run waits until its sandbox is made from nothing.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { defaultImage, framesOf, plainPlan, plainStep } from '../launch-plan.js'
import { type Conversation, openConversation, slots } from '../sandbox/conversation.js'
import { requestFor } from './request.js'
import { nothingToEnd, type Place, type Ways } from './way.js'

export const warmName = 'full sandbox, warm'
export const coldName = 'full sandbox, one slot alone (back to back: cold)'

const sleepMs = 60_000
/** In which the launcher prepares the slots that were held, before the next way has its turn. */
const settleMs = 100

async function holdSlot(place: Place): Promise<Conversation> {
  const step = plainStep(['/bin/sleep', String(sleepMs / 1000)], { wallMs: sleepMs })
  const plan = plainPlan(defaultImage(place.imageDirectory), [step])
  const conversation = openConversation()
  conversation.send(framesOf(plan, 'profiles'))
  await conversation.next('started')
  return conversation
}

async function withOneSlot(place: Place, turn: () => Promise<number[]>): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: slots - 1 }, () => holdSlot(place)))
  try {
    return await turn()
  } finally {
    for (const conversation of held) conversation.hangUp()
    await setTimeout(settleMs)
  }
}

export function sandbox(place: Place): Ways {
  const request = join(place.directory, 'request')
  writeFileSync(request, requestFor(place.imageDirectory, 'profiles', ['/bin/true']), {
    mode: 0o644,
  })
  const way = {
    batch: 10,
    watch: [...place.asWorker, place.spawn, 'launch'],
    words: () => [place.launcherSocket, request],
  }
  return {
    ways: [
      { ...way, name: warmName, lanesMax: slots },
      {
        ...way,
        name: coldName,
        lanesMax: 1,
        around: (turn) => withOneSlot(place, turn),
      },
    ],
    absent: [],
    end: nothingToEnd,
  }
}
