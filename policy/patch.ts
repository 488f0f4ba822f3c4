// JSON Patch (RFC 6902), of which a corrected job needs `remove` and `replace`. The value given is never changed: only the objects on
// the way to a change are copied, so that a job with large sources is corrected without copying them.
import type { PatchOperation } from '../contract/verdict.js'
import { keysOf } from './pointer.js'

type Container = Record<string, unknown> | unknown[]

/** An operation on something that is not there. */
export class PatchError extends Error {}

function containerOf(value: unknown, key: string, path: string): Container {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key))
    throw new PatchError(`there is nothing at ${path}`)
  return Array.isArray(value) ? [...value] : { ...value }
}

function changed(value: unknown, keys: readonly string[], operation: PatchOperation): unknown {
  const [key, ...below] = keys
  if (key === undefined) throw new PatchError('the whole value is not replaced')
  const copy = containerOf(value, key, operation.path)
  const members = copy as Record<string, unknown>
  if (below.length > 0) members[key] = changed(members[key], below, operation)
  else if (operation.op === 'replace') members[key] = operation.value
  else if (Array.isArray(copy)) copy.splice(Number(key), 1)
  else delete copy[key]
  return copy
}

/** @throws PatchError */
export function applyPatch<Value>(value: Value, operations: readonly PatchOperation[]): Value {
  let result: unknown = value
  for (const operation of operations) result = changed(result, keysOf(operation.path), operation)
  return result as Value
}
