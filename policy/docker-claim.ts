// What becomes of a field of a Docker request: every one is judged by rules, or has a written reason why it is not. This table is what a
// guard in front of a Docker Engine goes by; a field without a claim is refused.
import type { DockerShape } from '../contract/docker-container.js'
import { segment } from './ask.js'

export type DockerClaim =
  /** It becomes part of the ask, and these rules judge it. */
  | { readonly kind: 'judged'; readonly rules: readonly string[] }
  /** Harmless: it reaches the engine as it was asked. */
  | { readonly kind: 'passed'; readonly reason: string }
  /** What the engine gets is decided by the guard, whatever was asked. */
  | { readonly kind: 'written'; readonly reason: string }
  /** Null, zero, false and empty are taken, and the values that say as little; all else is refused. */
  | { readonly kind: 'empty'; readonly reason: string; readonly neutral: readonly unknown[] }

/** By pointer; `*` is any key or index. A claim holds for what is below it too, where nothing nearer is claimed. */
export type DockerClaims = Readonly<Record<string, DockerClaim>>

export const judged = (...rules: readonly string[]): DockerClaim => ({ kind: 'judged', rules })
export const passed = (reason: string): DockerClaim => ({ kind: 'passed', reason })
export const written = (reason: string): DockerClaim => ({ kind: 'written', reason })
export const emptyOnly = (reason: string, ...neutral: readonly unknown[]): DockerClaim => ({
  kind: 'empty',
  reason,
  neutral,
})

/** Pointers of every leaf of a shape, in its order. */
export function leavesOf(shape: DockerShape, pointer = ''): string[] {
  if (shape === 'words') return [`${pointer}/*`]
  if (typeof shape === 'string') return [pointer]
  if (Array.isArray(shape)) return leavesOf(shape[0] as DockerShape, `${pointer}/*`)
  return Object.entries(shape as Readonly<Record<string, DockerShape>>).flatMap(([name, below]) =>
    leavesOf(below, `${pointer}/${name === '*' ? '*' : segment(name)}`),
  )
}

/** The claim of a field: its own, or the nearest above it. */
export function claimOf(claims: DockerClaims, pointer: string): DockerClaim | null {
  for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/')))
    if (Object.hasOwn(claims, at)) return claims[at] ?? null
  return null
}
