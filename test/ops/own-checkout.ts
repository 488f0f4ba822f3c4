// Instances of a test's own, set up from a copy of this checkout, so that building it changes no file that other tests run from.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { files, repository } from '../tidy-source.js'

const shared = process.env.STOCKADE_TEST_INSTANCE ?? 'stockade-test'
const sharedAddress = process.env.STOCKADE_TEST_ADDRESS ?? '127.0.0.1:7170'

/** Name and address beside those of the shared instance. */
export function ownInstance(
  suffix: string,
  portsFurther: number,
): { instance: string; address: string } {
  const colon = sharedAddress.lastIndexOf(':')
  const port = Number(sharedAddress.slice(colon + 1)) + portsFurther
  return { instance: `${shared}-${suffix}`, address: `${sharedAddress.slice(0, colon)}:${port}` }
}

export type Checkout = { readonly directory: string; remove(): void }

/** Everybody can read it. Its packages are those of this checkout. */
export function copyCheckout(): Checkout {
  const directory = mkdtempSync('/var/tmp/stockade-checkout-')
  chmodSync(directory, 0o755)
  execFileSync('tar', ['--extract', '--directory', directory], {
    input: execFileSync('tar', ['--create', '--null', '--files-from=-'], {
      cwd: repository,
      input: files().join('\0'),
      maxBuffer: 256 * 1024 * 1024,
    }),
  })
  symlinkSync(join(repository, 'node_modules'), join(directory, 'node_modules'))
  return { directory, remove: () => rmSync(directory, { recursive: true }) }
}
