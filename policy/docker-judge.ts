// Judges a request of the Docker Engine API: a request and what is its tenant’s → the request that the engine gets, or every reason at once.
import type { DockerCall, DockerContext, DockerVerdict } from './docker-door.js'

/** Never throws. */
export function judgeDocker(_call: DockerCall, _context: DockerContext): DockerVerdict {
  return {
    allowed: false,
    status: 403,
    message: 'policy: nothing is judged yet',
    violations: [{ rule: 'docker-grant', pointer: '', message: 'Nothing is judged yet.' }],
  }
}
