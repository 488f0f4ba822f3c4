// At start: every seccomp profile is compiled once, so that a faulty one is known before a job asks for it.
import type { Logger } from 'pino'
import { compileSeccomp } from '../native/seccomp.js'
import { profileNames, type SeccompFolders } from '../native/seccomp-load.js'

/** A faulty profile stops nobody but the jobs that ask for it: they end as `sandbox-error`, stage `seccomp-compile`. */
export function reportProfiles(folders: SeccompFolders, log: Logger): void {
  for (const profile of profileNames(folders)) {
    try {
      const { digest, instructions } = compileSeccomp(profile, folders)
      log.debug({ profile, digest, instructions }, 'a seccomp profile')
    } catch (error) {
      log.error({ profile, error: (error as Error).message }, 'a seccomp profile is refused')
    }
  }
}
