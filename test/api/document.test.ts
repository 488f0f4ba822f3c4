// Generated documents: valid, complete, and the same as what is committed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Compile } from 'typebox/compile'
import { Job } from '../../contract/result.js'
import { generatedPages } from '../../ops/generate.js'
import { releaseDirectory } from '../../queue/settings-file.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

type Json = { readonly [name: string]: unknown }
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const pages = await generatedPages(releaseDirectory)
const document = JSON.parse(pages.get('docs/openapi.json') ?? '{}') as Json

for (const [path, text] of pages) {
  t.test(`${path} is what npm run gen writes`, (t) => {
    t.equal(readFileSync(join(releaseDirectory, path), 'utf8'), text)
    t.end()
  })
}

/** Every object of the document, with its pointer. */
function* objects(value: unknown, pointer = ''): Generator<readonly [string, Json]> {
  if (Array.isArray(value))
    for (const [at, member] of value.entries()) yield* objects(member, `${pointer}/${at}`)
  if (!isObject(value)) return
  yield [pointer, value]
  for (const [name, member] of Object.entries(value))
    yield* objects(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

function at(pointer: string): unknown {
  const parts = pointer.split('/').slice(1)
  return parts.reduce<unknown>(
    (value, part) =>
      isObject(value) ? value[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined,
    document,
  )
}

t.test('the OpenAPI document: version, references, operations', (t) => {
  t.equal(document.openapi, '3.1.0')
  t.match(document.info, { title: 'Stockade', version: String })
  for (const [pointer, { $ref, $id }] of objects(document)) {
    if ($ref !== undefined)
      t.ok(isObject(at(String($ref).slice(1))), `${pointer}: ${String($ref)} is there`)
    t.equal($id, undefined, `${pointer} has no $id`)
  }
  const ids: unknown[] = []
  for (const [path, methods] of Object.entries(document.paths as Json)) {
    for (const [method, operation] of Object.entries(methods as Json) as [string, Json][]) {
      ids.push(operation.operationId)
      t.type(operation.summary, 'string', `${method} ${path}`)
      t.ok(isObject(operation.responses) && Object.keys(operation.responses).length > 0)
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const named = ((operation.parameters ?? []) as Json[])
        .filter((one) => one.in === 'path')
        .map((one) => one.name)
      t.same(named, wanted, `${path}: its parameters`)
      const needsKey = operation.security === undefined
      const isPublic = !path.startsWith('/v1/') || path === '/v1/attestation'
      t.equal(needsKey, !isPublic, `${path}: ${needsKey ? 'needs' : 'needs no'} key`)
    }
  }
  t.equal(new Set(ids).size, ids.length, 'operation ids differ')
  t.same(document.security, [{ key: [] }])
  t.end()
})

t.test('schemas: each has a type that JSON Schema knows, each pattern is one', (t) => {
  const types = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'])
  for (const [pointer, schema] of objects((document.components as Json).schemas)) {
    if (typeof schema.type === 'string') t.ok(types.has(schema.type), pointer)
    if (typeof schema.pattern === 'string')
      t.doesNotThrow(() => new RegExp(String(schema.pattern), 'u'), pointer)
    if (schema.type === 'object')
      // A map of names to values of one kind says so by additionalProperties.
      t.ok(
        isObject(schema.properties) ||
          isObject(schema.patternProperties) ||
          isObject(schema.additionalProperties),
        pointer,
      )
    if (Array.isArray(schema.required) && isObject(schema.properties)) {
      for (const name of schema.required)
        t.ok(String(name) in schema.properties, `${pointer}: ${String(name)}`)
    }
  }
  t.end()
})

t.test('a running service: its document, its page, its error pages, its answers', async (t) => {
  const redis = await openLiveRedis()
  const api = await openLiveApi(redis)
  t.teardown(async () => {
    await api.close()
    await redis.close()
  })
  t.same((await ask(api.origin, 'GET', '/openapi.json')).json, document)
  const page = await fetch(`${api.origin}/docs`)
  t.equal(page.status, 200)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /https?:/, 'nothing from elsewhere')
  const html = await page.text()
  for (const [, source] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const asset = await fetch(new URL(source ?? '', `${api.origin}/docs/`))
    t.equal(asset.status, 200, source ?? '')
    t.ok((await asset.arrayBuffer()).byteLength > 0)
    t.equal(asset.headers.get('x-content-type-options'), 'nosniff')
  }
  t.notMatch(html, /<script>|(?:src|href)="https?:/, 'no script inside, none from elsewhere')
  const missing = await ask(api.origin, 'GET', '/nowhere')
  const link = String((missing.json as Json).type)
  t.match(await (await fetch(new URL(link, api.origin))).text(), /not-found \(404\)/)
  t.equal((await fetch(`${api.origin}/docs/errors/nope`)).status, 404)
  t.equal((await fetch(`${api.origin}/docs/static/../../../../etc/passwd`)).status, 404)
  const key = await api.key('main')
  const job = (
    await ask(api.origin, 'POST', '/v1/jobs', { key, body: { language: 'bash', source: 'true' } })
  ).json
  t.same(Compile(Job).Errors(job), [], 'a job is as its schema says')
})
