// Programs in C that tests compile here and send as a file, so that a job's figures hold one small program and no compiler.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from '../tidy-source.js'

/** `source` is a path in test/. Returns the program as base64, linked statically: it needs nothing of the image. */
export function compiled(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-program-'))
  const program = join(folder, 'program')
  try {
    execFileSync('gcc', ['-O1', '-static', '-s', '-o', program, join(repository, 'test', source)])
    return readFileSync(program).toString('base64')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
