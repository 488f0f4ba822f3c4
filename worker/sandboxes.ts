// The sandboxes of one job that needs several: opened one by one or side by side, all reached by a cancel, all waited for at the end.
import type { ProgramPlan } from '../contract/plan.js'
import { LaunchError, openSandbox, type Sandbox } from '../native/launch-client.js'
import type { EncodedFiles } from '../native/launch-encode.js'
import type { CancelWord } from './run.js'

export type Sandboxes = {
  /** @throws LaunchError when the worker drains; Ended when the job is not wanted any more. */
  open(plan: ProgramPlan, files: EncodedFiles): Sandbox
  /** It has done what it was for; that it goes is waited for by `destroyed` alone. */
  end(sandbox: Sandbox): void
  /** Lets go of it at once. */
  abandon(sandbox: Sandbox): void
  cancel(word: CancelWord): void
  abandonAll(): void
  /** Rejects with the first LaunchError. */
  destroyed(): Promise<void>
}

/** The job was cancelled, or its deadline has passed, between two of its programs. */
export class Ended extends Error {
  readonly word: 'cancelled' | 'expired'
  constructor(word: 'cancelled' | 'expired') {
    super(word)
    this.word = word
  }
}

export function openSandboxes(socketPath: string, jobId: string): Sandboxes {
  const live = new Set<Sandbox>()
  const ends: Promise<void>[] = []
  let asked: CancelWord | null = null
  const abandon = (sandbox: Sandbox): void => {
    live.delete(sandbox)
    sandbox.abandon()
  }
  return {
    open(plan, files) {
      if (asked === 'drain') throw new LaunchError('launcher-refused', 'drained', null, 'busy')
      if (asked !== null) throw new Ended(asked)
      const sandbox = openSandbox(socketPath, jobId, plan, files)
      live.add(sandbox)
      return sandbox
    },
    end(sandbox) {
      live.delete(sandbox)
      const end = sandbox.end().catch((error: unknown) => {
        sandbox.abandon()
        throw error
      })
      end.catch(() => undefined) // Told by `destroyed`.
      ends.push(end)
    },
    abandon,
    cancel(word) {
      asked ??= word
      for (const sandbox of live) sandbox.cancel(word)
    },
    abandonAll() {
      for (const sandbox of [...live]) abandon(sandbox)
    },
    async destroyed() {
      await Promise.all(ends)
    },
  }
}
