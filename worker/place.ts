// Where and by what jobs are run: the node and its kernel, Stockade's version, the release that is installed.
import { readFileSync } from 'node:fs'
import { hostname, machine, release } from 'node:os'
import { basename, join } from 'node:path'
import type { Place } from './receipt.js'

/** A release's directory is named by the digest of all that it was built from (ops/build.sh); a checkout's is not. */
export function placeOf(releaseDirectory: string): Place {
  const { version } = JSON.parse(readFileSync(join(releaseDirectory, 'package.json'), 'utf8')) as {
    version: string
  }
  const digest = /^release-([0-9a-f]{16})$/.exec(basename(releaseDirectory))?.[1] ?? null
  return {
    node: { name: hostname(), kernel: release(), machine: machine() },
    stockade: { version, release: digest },
  }
}
