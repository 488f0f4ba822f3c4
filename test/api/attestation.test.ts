// The public keys of receipts as the api tells them: what is in its directory and is a key, no other thing.
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Attestation, ReceiptKey } from '../../contract/receipt.js'
import { verifyKeyOf } from '../../ops/receipt-check.js'
import { openLiveRedis } from '../queue/live-redis.js'
import { openLiveApi } from './live-api.js'
import { ask } from './raw-http.js'

const redis = await openLiveRedis()
const api = await openLiveApi(redis)
const directory = api.settings.attestationDirectory
t.teardown(async () => {
  await api.close()
  await redis.close()
})

const told = async (): Promise<Attestation> =>
  (await ask(api.origin, 'GET', '/v1/attestation')).json as Attestation

function writeKey(createdAt: string, retiredAt: string | null): ReceiptKey {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  const key = { kty: 'OKP', crv: 'Ed25519', x, kid: verifyKeyOf({ x }).keyId, use: 'sig' } as const
  const whole: ReceiptKey = { ...key, alg: 'EdDSA', createdAt, retiredAt }
  writeFileSync(join(directory, `${key.kid}.jwk`), JSON.stringify(whole))
  return whole
}

t.test('without a directory there is no key', async (t) => {
  rmSync(directory, { recursive: true, force: true })
  t.same((await told()).keys, [])
})

t.test(
  'those that sign come first, then the retired ones; a new one is told at once',
  async (t) => {
    mkdirSync(directory)
    const old = writeKey('2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z')
    t.same((await told()).keys, [old])
    const current = writeKey('2025-01-01T00:00:00.000Z', null)
    t.same((await told()).keys, [current, old])
  },
)

t.test('what is no public key is left out, and logged', async (t) => {
  const { keys } = await told()
  const { privateKey } = generateKeyPairSync('ed25519')
  const secret = { ...keys[0], ...privateKey.export({ format: 'jwk' }) }
  writeFileSync(join(directory, 'private.jwk'), JSON.stringify(secret))
  writeFileSync(join(directory, 'broken.jwk'), '{"kty":')
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  const answer = await told()
  t.same(answer.keys, keys)
  t.notMatch(JSON.stringify(answer), /"d"/, 'never a private part')
  t.equal(api.lines.filter((line) => /public key/.test(line)).length, 2)
  const query = await ask(api.origin, 'GET', '/v1/attestation?kid=x')
  t.equal(query.status, 400)
})
