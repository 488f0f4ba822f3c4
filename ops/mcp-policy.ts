// Tools of the MCP server about what there is and what is allowed; they run nothing.
import { Type } from 'typebox'
import type { Evaluation } from '../contract/verdict.js'
import { program } from './mcp-job.js'
import { type Said, toolOf, violationsText } from './mcp-tool.js'

const closed = { additionalProperties: false } as const

const languages = toolOf({
  name: 'languages',
  title: 'Languages and images',
  description:
    'The languages that `run` knows, each with its version, and the images that a command can run in.',
  input: Type.Object({}, closed),
  isReadOnly: true,
  async call(client) {
    const [{ languages }, { images }] = [await client.languages(), await client.images()]
    const lines = [
      ...languages.map(({ name, images }) => {
        const versions = [...new Set(images.map(({ version }) => version))]
        return `${name} ${versions.join(' or ')}`
      }),
      ...images.map(({ name, digest }) => `image ${name} (sha256:${digest})`),
    ]
    return { text: lines.join('\n'), data: { languages, images } }
  },
})

function planLines({ plan }: Evaluation): string[] {
  if (plan === null) return []
  const [step] = plan.steps
  const limits = `memory ${plan.memoryBytes} bytes, disk ${plan.diskBytes} bytes, ${plan.processes} processes`
  return [
    `It would run in ${plan.imageName} as uid ${plan.uid}, network ${plan.network}, with ${limits}` +
      (step === undefined ? '.' : `, wall ${step.wallMs} ms, cpu ${step.cpuMs} ms.`),
  ]
}

function said(evaluation: Evaluation): Said {
  const { verdict, grant, violations, warnings, suggestion } = evaluation
  const lines = [
    `${verdict}, under the grant ${grant.name}.`,
    ...(violations.length === 0 ? [] : [violationsText(violations)]),
    ...warnings.map(({ warning, message }) => `Warning ${warning}: ${message}`),
    ...(suggestion === null
      ? []
      : [`This JSON Patch makes it right: ${JSON.stringify(suggestion)}`]),
    ...planLines(evaluation),
  ]
  return { text: lines.join('\n'), data: { verdict, grant, violations, warnings, suggestion } }
}

const explainPolicy = toolOf({
  name: 'explain_policy',
  title: 'Whether a program may run, and why not',
  description:
    'What policy says of a program, with every reason, what would be allowed instead and the limits that it would have. Runs nothing.',
  input: Type.Object(program, closed),
  isReadOnly: true,
  call: async (client, spec) => said(await client.evaluate(spec)),
})

export const policyTools = [languages, explainPolicy]
