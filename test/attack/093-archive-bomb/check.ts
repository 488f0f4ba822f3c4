// Row 93: small on the wire, large in memory. Archives and compressed bodies are not taken, so what is left is number and size of entries.
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { accountOf, address, asRoot, servicePid, type Tenant } from '../../stack.js'

const body = (padding: number): Buffer =>
  Buffer.from(`{"language":"bash","source":"true"${' '.repeat(padding)}}`)

/** Most memory that the api has had, bytes. */
const peakOfApi = (): number =>
  Number(asRoot(['awk', '/^VmHWM:/ { print $2 }', `/proc/${servicePid('api')}/status`])) * 1024

async function post(
  tenant: Tenant,
  bytes: Buffer | string,
  headers: Record<string, string>,
): Promise<number> {
  const response = await fetch(`http://${address}/v1/jobs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.key}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: bytes,
  })
  await response.text()
  return response.status
}

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const large = body(200 * 1_048_576)
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
  const bombs: Record<string, Buffer> = {
    gzip: gzipSync(large),
    deflate: deflateSync(large),
    br: brotliCompressSync(large, quick),
  }
  const before = peakOfApi()
  for (const [encoding, bytes] of Object.entries(bombs)) {
    t.ok(
      bytes.length * 100 < large.length,
      `control: ${encoding} makes ${bytes.length} bytes of ${large.length}`,
    )
    t.equal(
      await post(tenant, bytes, { 'content-encoding': encoding }),
      400,
      `${encoding}: not taken`,
    )
    t.equal(await post(tenant, bytes, {}), 400, `${encoding}, not said to be: no JSON`)
  }
  for (const encoding of ['gzip, gzip', 'identity, gzip', 'x-gzip', 'zstd'])
    t.equal(
      await post(tenant, bombs.gzip ?? '', { 'content-encoding': encoding }),
      400,
      `${encoding}: not taken`,
    )
  t.ok(peakOfApi() - before < 150 * 1_048_576, 'and nobody has unpacked them')
  const entries = (count: number): string =>
    `{"language":"bash","source":"true","files":[${Array.from({ length: count }, (_, n) => `{"path":"${n}","content":""}`).join()}]}`
  t.equal(await post(tenant, entries(1001), {}), 400, 'one entry too many')
  t.ok([400, 413].includes(await post(tenant, entries(1_000_000), {})), 'a million entries')
  const lying = {
    language: 'bash',
    source: 'true',
    files: [{ path: 'a', content: 'x', size: 1, bytes: 0 }],
  }
  t.equal(await post(tenant, JSON.stringify(lying), {}), 400, 'sizes are not for the caller to say')
  const many = {
    language: 'bash',
    source: 'true',
    limits: { diskBytes: 16_777_216 },
    files: Array.from({ length: 300 }, (_, n) => ({ path: `f${n}`, content: 'x'.repeat(65_000) })),
  }
  t.equal(await post(tenant, JSON.stringify(many), {}), 403, 'more, all together, than the disk')
  const job = await tenant.run({
    language: 'bash',
    source: 'ls | wc -l',
    files: Array.from({ length: 900 }, (_, n) => ({ path: `f${n}`, content: 'x' })),
  })
  t.equal(job.stdout, '901\n', `control: many small ones arrive; ${accountOf(job)}`)
}
