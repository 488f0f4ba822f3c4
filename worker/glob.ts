// Patterns of paths, matched without regular expressions: a pattern is a caller's, and its time must be bounded by its length.

/** `*` and `?` within one name. The last star alone is gone back to, so that the time is the product of both lengths at most. */
function matchesName(pattern: string, name: string): boolean {
  let at = 0
  let inPattern = 0
  let star = -1
  let starAt = 0
  while (at < name.length) {
    const one = pattern[inPattern]
    if (one === '*') {
      star = inPattern++
      starAt = at
    } else if (one !== undefined && (one === '?' || one === name[at])) {
      inPattern++
      at++
    } else if (star !== -1) {
      inPattern = star + 1
      at = ++starAt
    } else return false
  }
  while (pattern[inPattern] === '*') inPattern++
  return inPattern === pattern.length
}

/** The same over directories, of which `**` is the star. A pattern that ends before the path means a directory, and so all beneath it. */
export function matchesPath(pattern: string, path: string): boolean {
  const parts = pattern.split('/')
  const names = path.split('/')
  // reached[i]: the names so far are matched by the first i parts.
  let reached = new Set([0])
  const withStars = (places: ReadonlySet<number>): Set<number> => {
    const all = new Set(places)
    for (const place of all) if (parts[place] === '**') all.add(place + 1)
    return all
  }
  reached = withStars(reached)
  for (const name of names) {
    if (reached.has(parts.length)) return true
    const next = new Set<number>()
    for (const place of reached) {
      const part = parts[place]
      if (part === undefined) continue
      if (part === '**') next.add(place)
      else if (matchesName(part, name)) next.add(place + 1)
    }
    reached = withStars(next)
  }
  return reached.has(parts.length)
}

/** The part of a pattern before its first wildcard, in whole names: what must be looked at. Empty: everything. */
export function literalPrefix(pattern: string): string {
  const parts = pattern.split('/')
  const wild = parts.findIndex((part) => /[*?]/.test(part))
  return (wild === -1 ? parts : parts.slice(0, wild)).join('/')
}

/** Whether the last pattern that speaks of a path takes it in; `!` takes out. */
export function selects(patterns: readonly string[], path: string): boolean {
  let isIn = false
  for (const pattern of patterns) {
    const isOut = pattern.startsWith('!')
    if (isIn === isOut && matchesPath(isOut ? pattern.slice(1) : pattern, path)) isIn = !isOut
  }
  return isIn
}
