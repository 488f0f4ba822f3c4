// The guard's own file, /etc/<instance>/guard.yaml: which engine, and who may come. Every fault at once; an unknown word is one.
import { readFileSync } from 'node:fs'
import { Compile } from 'typebox/compile'
import { parse } from 'yaml'
import { GuardSettings } from '../contract/guard-settings.js'

export class GuardSettingsError extends Error {}

const check = Compile(GuardSettings)

/** @throws GuardSettingsError */
export function readGuardSettings(path: string): GuardSettings {
  const value: unknown = parse(readFileSync(path, 'utf8'), { uniqueKeys: true, maxAliasCount: 0 })
  if (!check.Check(value)) {
    const faults = [...check.Errors(value)].map(
      (one) => `${one.instancePath || '/'} ${one.message}`,
    )
    throw new GuardSettingsError(`${path}: ${faults.join('; ')}`)
  }
  const taken = new Map<number, string>()
  for (const [name, { ports }] of Object.entries(value.tenants)) {
    for (let port = ports?.first ?? 1; port <= (ports?.last ?? 0); port++) {
      const other = taken.get(port)
      if (other !== undefined)
        throw new GuardSettingsError(`${path}: the port ${port} is ${other}'s and ${name}'s`)
      taken.set(port, name)
    }
  }
  return value
}
