// Writes every generated page of docs/. A test compares them with what is committed.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  renderApi,
  renderErrors,
  renderMetrics,
  renderSettings,
  renderWalk,
  type WalkStep,
} from '../api/document.js'
import { openApiDocument } from '../api/openapi-document.js'
import { renderDockerFields } from '../policy/docker-document.js'
import { renderPolicy } from '../policy/document.js'
import { releaseDirectory } from '../queue/settings-file.js'

const stepFolders = ['api', 'policy', 'queue', 'worker', 'native', 'native/launcher']

/** The sources in which the owners of the walk's steps are looked for. */
async function readSources(root: string): Promise<WalkStep[]> {
  const files: WalkStep[] = []
  for (const folder of stepFolders) {
    for (const name of (await readdir(join(root, folder))).sort()) {
      if (!/\.(ts|c)$/.test(name)) continue
      const text = await readFile(join(root, folder, name), 'utf8')
      files.push({ file: `${folder}/${name}`, text: text.slice(0, 400) })
    }
  }
  return files
}

/** Name and text of each page. */
export async function generatedPages(root: string): Promise<ReadonlyMap<string, string>> {
  const document = await openApiDocument()
  return new Map([
    ['docs/openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['docs/api.md', renderApi(document)],
    ['docs/errors.md', renderErrors()],
    ['docs/metrics.md', renderMetrics()],
    ['docs/settings.md', renderSettings()],
    ['docs/policy.md', renderPolicy()],
    ['docs/docker-fields.md', renderDockerFields()],
    ['docs/walk.md', renderWalk(await readSources(root))],
  ])
}

async function main(): Promise<void> {
  for (const [path, text] of await generatedPages(releaseDirectory)) {
    await writeFile(join(releaseDirectory, path), text)
    process.stdout.write(`${path}\n`)
  }
}

if (process.argv[1]?.endsWith('ops/generate.js')) await main()
