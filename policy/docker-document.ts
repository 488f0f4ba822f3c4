// The page docs/docker-fields.md, made from the table of Docker's requests. Pure: the caller writes the file.
import { claimOf, type DockerClaim, leavesOf } from './docker-claim.js'
import { type DockerRequest, dockerRequests } from './docker-requests.js'

function inWords(claim: DockerClaim | null): string {
  if (claim === null) return 'refused: unknown'
  if (claim.kind !== 'judged')
    return `${claim.kind === 'empty' ? 'only empty' : claim.kind}: ${claim.reason}`
  return claim.rules.map((rule) => `[\`${rule}\`](policy.md#${rule})`).join(', ')
}

function requestSection({ endpoint, shape, claims }: DockerRequest): string {
  const rows = leavesOf(shape).map(
    (pointer) => `| \`${pointer}\` | ${inWords(claimOf(claims, pointer))} |`,
  )
  return `## ${endpoint}

| field | what becomes of it |
|---|---|
${rows.join('\n')}
`
}

export function renderDockerFields(): string {
  return `# Docker's fields under these rules

Generated from \`policy/docker-requests.ts\`; do not edit. Requests of the Docker Engine API 1.24 to 1.47 that make or change something, field by
field; \`*\` is any key or index. This is the table of a guard in front of an engine: what it does not name is refused.

- A rule's name: the field becomes part of what is asked, and the rule judges it as it judges a job.
- **passed**: harmless, it reaches the engine as it was asked.
- **written**: what the engine gets is decided here, whatever was asked.
- **only empty**: null, zero, false and empty are taken, all else is refused.

${dockerRequests.map(requestSection).join('\n')}`
}
