// A way of starting a program that the bench compares: what its stop-watch is told, or why it cannot run here.

/** What the ways need to know of this machine. */
export type Place = {
  /** Scratch that everybody may read, gone when the bench ends. */
  readonly directory: string
  readonly spawn: string
  readonly bare: string
  /** Root file system of the instance's default image. */
  readonly root: string
  readonly imageDirectory: string
  readonly launcherSocket: string
  /** Words before a command that make it run as the worker's user. */
  readonly asWorker: readonly string[]
}

export type Way = {
  readonly name: string
  /** How many runs of it stand in one turn: fewer of what is slow. */
  readonly batch: number
  /** The stop-watch, its mode, and whatever must stand before them. */
  readonly watch: readonly string[]
  /** What follows COUNT and PAUSE. Lanes run side by side and must not share names. */
  words(lane: number): readonly string[]
  /** Brings about what the way needs for a turn, and ends it again. */
  around?(turn: () => Promise<number[]>): Promise<number[]>
  /** How many can run at one time: ours one a slot (the worker keeps the others waiting). */
  readonly lanesMax: number
}

export type Absence = { readonly name: string; readonly reason: string }

export type Ways = {
  readonly ways: readonly Way[]
  readonly absent: readonly Absence[]
  /** Ends what was started for them. */
  end(): void | Promise<void>
}

export const nothingToEnd = (): void => undefined

export const absence = (name: string, reason: string): Ways => ({
  ways: [],
  absent: [{ name, reason }],
  end: nothingToEnd,
})

/** What a failed command says, on one line. */
export function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string | Buffer; message?: string }
  const text = String(stderr ?? '').trim() || String(message ?? error)
  return text.split('\n').slice(-3).join(' ').slice(0, 300)
}
