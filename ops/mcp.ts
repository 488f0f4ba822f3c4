// `./stockade mcp`: a server of the Model Context Protocol on standard input and output, so that an agent can use the service by tools. It
// has the rights of one key and no others: all that it does goes through the HTTP interface. Nothing but the protocol is on stdout.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { type Client, openClient } from '../api/client.js'
import { jobTools } from './mcp-job.js'
import { policyTools } from './mcp-policy.js'
import type { Tool } from './mcp-tool.js'

const tools: readonly Tool[] = [...jobTools, ...policyTools]

/** So long may it take to end what runs, when the client has gone. */
const endMs = 5000

const instructions =
  'Runs programs that are not trusted in sandboxes of a Stockade service. Each `run` starts from a clean file system, without network, and ' +
  'leaves nothing behind: send what it needs as `files`. `languages` says what there is; `explain_policy` why something is refused.'

const described = ({ name, title, description, input, isReadOnly }: Tool) => ({
  ...{ name, title, description },
  inputSchema: input as unknown as { type: 'object' },
  annotations: { title, readOnlyHint: isReadOnly, destructiveHint: false, openWorldHint: false },
})

async function callTool(
  client: Client,
  name: string,
  input: unknown,
  signal: AbortSignal,
): Promise<CallToolResult> {
  const tool = tools.find((one) => one.name === name)
  if (tool === undefined)
    throw new McpError(
      ErrorCode.InvalidParams,
      `There is no tool ${name}. There are ${tools.map((one) => one.name).join(', ')}.`,
    )
  const { text, data, isError } = await tool.call(client, input, signal)
  return {
    content: [{ type: 'text', text }],
    structuredContent: { ...data },
    ...(isError === true ? { isError } : {}),
  }
}

async function serve(client: Client, version: string): Promise<void> {
  const server = new Server(
    { name: 'stockade', title: 'Stockade sandboxes', version },
    { capabilities: { tools: {} }, instructions },
  )
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(described) }))
  const calls = new Set<Promise<CallToolResult>>()
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const call = callTool(client, params.name, params.arguments ?? {}, signal)
    calls.add(call)
    return await call.finally(() => calls.delete(call))
  })
  // Whoever started it has gone when its input ends, and so has whoever waits for what runs: closing ends that, too.
  process.stdin.once('end', async () => {
    await server.close()
    setTimeout(() => process.exit(0), endMs).unref()
    await Promise.allSettled(calls)
    process.exit(0)
  })
  await server.connect(new StdioServerTransport())
}

function keyOf(path: string): string {
  const key = readFileSync(path, 'utf8').trim()
  if (key === '') throw new Error(`${path} holds no key`)
  return key
}

try {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ options: { origin: text, key: text, release: text } })
  const { origin = 'http://127.0.0.1:7070', key = '', release = '0' } = values
  await serve(openClient({ origin, key: keyOf(key) }), release)
} catch (error) {
  process.stderr.write(`stockade mcp: ${(error as Error).message}\n`)
  process.exitCode = 2
}
