// Places: how many things of one kind each holder may have open at one time, so that no single one takes them all.

export type Places = {
  /** How to give the place back; calling it again does nothing. Null when the holder has all that it may have. */
  take(holder: string): (() => void) | null
}

/** Holders that have nothing open are not remembered. */
export function openPlaces(max: number): Places {
  const taken = new Map<string, number>()
  const giveBack = (holder: string): void => {
    const left = (taken.get(holder) ?? 1) - 1
    if (left > 0) taken.set(holder, left)
    else taken.delete(holder)
  }
  return {
    take(holder) {
      const count = taken.get(holder) ?? 0
      if (count >= max) return null
      taken.set(holder, count + 1)
      let isHeld = true
      return () => {
        if (isHeld) giveBack(holder)
        isHeld = false
      }
    },
  }
}
