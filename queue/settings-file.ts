// Reads the settings of a process: the YAML file that STOCKADE_CONFIG names, then the environment.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { readSettings, type Settings, SettingsError } from '../contract/config.js'

function fileValues(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {}
  const value: unknown = parse(readFileSync(path, 'utf8'), { uniqueKeys: true, maxAliasCount: 0 })
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new SettingsError(`${path} is not a mapping`)
  return value as Record<string, unknown>
}

/** The release’s own directory: where `profiles/` lies beside `dist/`. */
export const releaseDirectory = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** @throws SettingsError naming every fault. */
export function loadSettings(environment: NodeJS.ProcessEnv): Settings {
  const settings = readSettings(fileValues(environment.STOCKADE_CONFIG), environment)
  if (settings.profileDirectory !== '') return settings
  return { ...settings, profileDirectory: join(releaseDirectory, 'profiles') }
}
