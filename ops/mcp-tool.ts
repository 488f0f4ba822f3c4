// What a tool of the MCP server is: a name, a schema of what it takes, and what it does with the client. Tools are values in a list; the
// server knows nothing of any of them.
import type { Static, TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { type Client, StockadeError } from '../api/client.js'
import type { Violation } from '../contract/verdict.js'
import { type SchemaNode, walkSchema } from '../policy/schema-walk.js'

/** What an agent reads, and the same for a program. */
export type Said = {
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
  /** What was asked could not be done, and the text says why. A program that fails is no such thing: it has run. */
  readonly isError?: true
}

export type Tool = {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: TSchema
  /** It changes nothing. */
  readonly isReadOnly: boolean
  /** Never throws: what goes wrong is said. */
  call(client: Client, input: unknown, signal: AbortSignal): Promise<Said>
}

/** Faults that are said of one input at most. */
const faultsSaid = 20

function faultsText(faults: readonly { pointer: string; message: string }[]): string {
  const lines = faults
    .slice(0, faultsSaid)
    .map(({ pointer, message }) => `- ${pointer === '' ? '(all of it)' : pointer}: ${message}`)
  const more = faults.length - lines.length
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join('\n')
}

export function violationsText(violations: readonly Violation[]): string {
  return violations
    .map(
      ({ rule, pointer, message, allowed }) =>
        `- ${rule} at ${pointer === '' ? '(the job)' : pointer}: ${message}${allowed === undefined ? '' : ` Allowed: ${allowed}.`}`,
    )
    .join('\n')
}

function refusalOf({ problem, retryAfterSeconds }: StockadeError): Said {
  const { code, title, detail, violations = [], suggestion } = problem
  const lines = [
    `Refused: ${title} (${code}).`,
    ...(detail === undefined ? [] : [detail]),
    ...(violations.length === 0 ? [] : [violationsText(violations)]),
    ...(suggestion === undefined
      ? []
      : [`This JSON Patch makes it right: ${JSON.stringify(suggestion)}`]),
    ...(retryAfterSeconds === null ? [] : [`Try again in ${retryAfterSeconds} s.`]),
  ]
  return { text: lines.join('\n'), data: { refused: { ...problem } }, isError: true }
}

function faultOf(error: unknown): Said {
  if (error instanceof StockadeError) return refusalOf(error)
  const { message, cause } = error as Error & { cause?: { code?: string } }
  const text = `The service could not be asked: ${cause?.code ?? message}. Is it running (./stockade status)?`
  return { text, data: { fault: text }, isError: true }
}

/** A tool whose input is looked at against its schema, with every fault at once, and whose failures are said. */
export function toolOf<Input extends TObject>(tool: {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: Input
  readonly isReadOnly: boolean
  call(client: Client, input: Static<Input>, signal: AbortSignal): Promise<Said>
}): Tool {
  const check = Compile(tool.input)
  return {
    ...tool,
    async call(client, input, signal) {
      if (!check.Check(input)) {
        const faults = walkSchema(tool.input as unknown as SchemaNode, input)
        const text = `This is no input of ${tool.name}:\n${faultsText(faults)}`
        return { text, data: { faults }, isError: true }
      }
      try {
        return await tool.call(client, input as Static<Input>, signal)
      } catch (error) {
        return faultOf(error)
      }
    },
  }
}
