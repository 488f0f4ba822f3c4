// What a field of a request asks, with a pointer back to it: the small parts that every adapter copies with.
import { type Asked, type AskedSetting, segment } from './ask.js'

export function asked<T>(value: T | undefined, pointer: string): Asked<T> | null {
  return value === undefined ? null : { value, pointer }
}

export function askedList<T>(
  values: readonly T[] | undefined,
  pointer: string,
): readonly Asked<T>[] {
  return values?.map((value, index) => ({ value, pointer: `${pointer}/${index}` })) ?? []
}

export function askedSettings(
  record: Readonly<Record<string, string>> | undefined,
  pointer: string,
): readonly AskedSetting[] {
  if (record === undefined) return []
  return Object.entries(record).map(([name, value]) => ({
    name,
    value,
    pointer: `${pointer}/${segment(name)}`,
  }))
}
