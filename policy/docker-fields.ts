// The fields of one request: typed reading that remembers what was read. What no adapter has read is refused when it says anything, so
// that a field which is claimed as judged cannot be forgotten.
import type { Asked, AskedSetting } from './ask.js'
import { segment } from './ask.js'
import { valueAt } from './pointer.js'

/** What says nothing: absent, null, zero, false, empty, and what is made of these. */
export function saysNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false)
    return true
  return typeof value === 'object' && Object.values(value).every(saysNothing)
}

/** Reads a value whose form has been checked (docker-walk.ts). */
export class DockerFields {
  readonly #value: unknown
  readonly #read = new Set<string>()

  constructor(value: unknown) {
    this.#value = value
  }

  #take(pointer: string): unknown {
    this.#read.add(pointer)
    const value = valueAt(this.#value, pointer)
    return value === null ? undefined : value
  }

  /** Whether a field, or one that it is below, was read. */
  wasRead(pointer: string): boolean {
    for (let at = pointer; at !== ''; at = at.slice(0, at.lastIndexOf('/')))
      if (this.#read.has(at)) return true
    return false
  }

  has(pointer: string): boolean {
    return !saysNothing(valueAt(this.#value, pointer))
  }

  /** Null where it is empty: to the engine that is the same as absent. */
  text(pointer: string): Asked<string> | null {
    const value = this.#take(pointer)
    return typeof value === 'string' && value !== '' ? { value, pointer } : null
  }

  /** Null where it is zero: to the engine that is the same as absent. */
  number(pointer: string): Asked<number> | null {
    const value = this.#take(pointer)
    return typeof value === 'number' && value !== 0 ? { value, pointer } : null
  }

  truth(pointer: string): Asked<boolean> | null {
    const value = this.#take(pointer)
    return typeof value === 'boolean' ? { value, pointer } : null
  }

  /** A list of text, or one text that stands for a list of one. */
  texts(pointer: string): readonly Asked<string>[] {
    const value = this.#take(pointer)
    if (typeof value === 'string') return [{ value, pointer }]
    if (!Array.isArray(value)) return []
    return value.map((one: unknown, index) => ({
      value: typeof one === 'string' ? one : '',
      pointer: `${pointer}/${index}`,
    }))
  }

  /** A map of text. */
  settings(pointer: string): readonly AskedSetting[] {
    const value = this.#take(pointer)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
    return Object.entries(value).map(([name, one]) => ({
      name,
      value: typeof one === 'string' ? one : '',
      pointer: `${pointer}/${segment(name)}`,
    }))
  }

  /** Keys of a map whose values say nothing. */
  keys(pointer: string): readonly Asked<string>[] {
    return this.settings(pointer).map(({ name, pointer: at }) => ({ value: name, pointer: at }))
  }

  /** Pointers of the elements of a list or map, none of which is read by this. */
  below(pointer: string): readonly Asked<string>[] {
    const value = valueAt(this.#value, pointer)
    if (typeof value !== 'object' || value === null) return []
    return Object.keys(value).map((key) => ({ value: key, pointer: `${pointer}/${segment(key)}` }))
  }

  /** All of it, as it is, for what is passed on or refused whole. */
  whole(pointer: string): unknown {
    return this.#take(pointer)
  }
}
