// A no of the guard, in the shape in which Docker Engines say no: a status and `{"message": …}`, with the id of the rule in words.
import { escapeControls } from '../policy/wording.js'

/** Rules of the guard's own door; what a request asks for is judged by those of policy/. */
export type DoorRule =
  | 'docker-endpoint'
  | 'docker-version'
  | 'docker-query'
  | 'docker-header'
  | 'docker-body'
  | 'docker-path'
  | 'docker-owner'
  | 'docker-engine'
  | 'docker-busy'

/** Thrown inside a request, answered to the client. The message is public. */
export class DockerRefusal extends Error {
  readonly status: number
  readonly rules: readonly string[]
  /** What follows on the connection may mean something else to another reader: it ends with this answer. */
  readonly ends: boolean
  constructor(status: number, rules: readonly string[], message: string, ends = false) {
    super(message)
    this.status = status
    this.rules = rules
    this.ends = ends
  }
}

/** A fault of form: the connection ends with it. */
export const malformed = (rule: DoorRule, message: string, status = 400): DockerRefusal =>
  new DockerRefusal(status, [rule], `${message} (rule ${rule})`, true)

export const refused = (rule: DoorRule, message: string, status = 403): DockerRefusal =>
  new DockerRefusal(status, [rule], `${message} (rule ${rule})`)

/** Docker's own words: whether it exists and is another's, or does not exist, is one answer. */
export const missing = (kind: string, reference: string): DockerRefusal =>
  new DockerRefusal(404, ['docker-owner'], `No such ${kind}: ${reference}`)

/** It repeats what was asked, and is shown in terminals. */
export const refusalText = (message: string): string =>
  `${escapeControls(JSON.stringify({ message }))}\n`
