// `./stockade seccomp list|show NAME|check FILE`: profiles as the worker reads them, for the operator's eyes. Changes nothing.
import { readFileSync } from 'node:fs'
import type { SeccompProfile } from '../contract/profile.js'
import { type CompiledSeccomp, compileSeccomp } from '../native/seccomp.js'
import { checkProfile, SeccompProfileError } from '../native/seccomp-check.js'
import { profileNames, type SeccompFolders } from '../native/seccomp-load.js'

const [verb = '', profilesFolder = '', ownFolder = '', subject = ''] = process.argv.slice(2)
const folders: SeccompFolders = { profilesFolder, ownFolder }

function summary({ digest, instructions, permitted, report }: CompiledSeccomp): string {
  const lines = [
    `digest          ${digest}`,
    `instructions    ${instructions}`,
    `lets through    ${permitted.length} calls, ${permitted.filter((one) => !one.isWhole).length} of them in some forms only`,
  ]
  if (report.skippedCalls.length > 0) lines.push(`not here        ${report.skippedCalls.join(' ')}`)
  if (report.shadowedCalls.length > 0)
    lines.push(`always refused  ${report.shadowedCalls.join(' ')}`)
  if (report.droppedArchitectures.length > 0)
    lines.push(`left out        ${report.droppedArchitectures.join(' ')}`)
  for (const { profile, pointer } of report.skippedEntries)
    lines.push(`does not apply  ${profile} ${pointer}`)
  return lines.join('\n')
}

function list(): void {
  for (const name of profileNames(folders)) {
    try {
      const { digest, permitted } = compileSeccomp(name, folders)
      console.log(`${name.padEnd(20)} ${String(permitted.length).padStart(4)} calls  ${digest}`)
    } catch (error) {
      process.exitCode = 1
      console.log(`${name.padEnd(20)} refused: ${(error as Error).message}`)
    }
  }
}

function show(profile: string | SeccompProfile): void {
  const compiled = compileSeccomp(profile, folders)
  console.log(`${summary(compiled)}\n\n${compiled.pfc().trimEnd()}`)
}

function check(path: string): void {
  const name = 'custom'
  const profile = checkProfile(JSON.parse(readFileSync(path, 'utf8')), name)
  console.log(summary(compileSeccomp(profile, folders)))
}

try {
  if (verb === 'list') list()
  else if (verb === 'show') show(subject)
  else check(subject)
} catch (error) {
  const faults = error instanceof SeccompProfileError ? error.faults : []
  console.error(`stockade: ${(error as Error).message.split('; ').slice(0, 1).join('')}`)
  for (const { pointer, message } of faults) console.error(`  ${pointer || '/'}: ${message}`)
  process.exitCode = 1
}
