// The addon refuses everything but well-formed requests, and its core survives hostile ones under sanitizers.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { nativeArchitecture, seccompAddon, seccompFeatures } from '../../native/seccomp-addon.js'
import { encodeRequest, type Layer } from '../../native/seccomp-request.js'
import { buildFolder, buildTools } from './seccomp-tools.js'

buildTools()

const allow = 0x7fff0000
const refuse = 0x50001

const layers = (): Layer[] => [
  {
    defaultAction: undefined,
    rules: [
      { call: 0, action: allow, compares: [] },
      {
        call: 1,
        action: allow,
        compares: [{ index: 0, operator: 4, mask: 0xffffffffn, value: 1n }],
      },
      {
        call: 1,
        action: allow,
        compares: [{ index: 2, operator: 6, mask: ~0n & (2n ** 64n - 1n), value: 2n ** 33n }],
      },
    ],
  },
  { defaultAction: refuse, rules: [{ call: 62, action: 0x80000000, compares: [] }] },
]

const request = (): Buffer => encodeRequest('x86_64', layers())

t.test('features and numbers', (t) => {
  const features = seccompFeatures()
  t.match(features.libseccompVersion, /^\d+\.\d+\.\d+$/)
  t.ok(features.apiLevel >= 3, 'KILL_PROCESS needs level 3')
  t.equal(features.nativeArchitecture, nativeArchitecture())
  const addon = seccompAddon()
  t.equal(addon.resolve('openat', 'x86_64'), 257)
  t.equal(addon.resolve('openat', 'aarch64'), 56)
  t.equal(addon.resolve('no_such_call'), -1)
  t.ok(addon.resolve('open', 'aarch64') < -1, 'known, but not there')
  t.end()
})

t.test('compile gives BPF, dump gives text', (t) => {
  const program = seccompAddon().compile(request())
  t.ok(program.length > 8 && program.length % 8 === 0)
  t.equal(program.readUInt16LE(0), 0x20, 'starts with a load of the architecture')
  const text = seccompAddon().dump(request())
  t.match(text, /# layer 1 of 2/)
  t.match(text, /and \(\$a0 & 0xffffffff\) == 0x1/)
  t.end()
})

t.test('wrong arguments are exceptions', (t) => {
  const addon = seccompAddon()
  const compile = addon.compile as (...values: unknown[]) => unknown
  const resolve = addon.resolve as (...values: unknown[]) => unknown
  for (const values of [
    [],
    [null],
    ['text'],
    [{}],
    [new Float64Array(4)],
    [new ArrayBuffer(32)],
    [Buffer.alloc(0)],
  ]) {
    t.throws(() => compile(...values))
  }
  for (const values of [
    [],
    [''],
    [7],
    ['a'.repeat(64)],
    ['open\0at'],
    ['openat', 'z80'],
    ['a', 'x86_64', 'b'],
  ]) {
    t.throws(() => resolve(...values))
  }
  t.end()
})

/** Each changes one field of a good request into one that must be refused. */
const damages: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'wrong magic': (bytes) => {
    bytes.writeUInt32LE(1, 0)
    return bytes
  },
  'foreign architecture': (bytes) => {
    bytes.writeUInt32LE(0x40000003, 4)
    return bytes
  },
  'no layer': (bytes) => {
    bytes.writeUInt32LE(0, 8)
    return bytes
  },
  'too many layers': (bytes) => {
    bytes.writeUInt32LE(65, 8)
    return bytes
  },
  'too many rules': (bytes) => {
    bytes.writeUInt32LE(0xffffffff, 12)
    return bytes
  },
  'one byte short': (bytes) => bytes.subarray(0, -1),
  'one byte long': (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
  'last layer continues': (bytes) => {
    bytes.writeUInt32LE(1, 28)
    return bytes
  },
  'first layer does not': (bytes) => {
    bytes.writeUInt32LE(0, 20)
    return bytes
  },
  'default action TRACE': (bytes) => {
    bytes.writeUInt32LE(0x7ff00000, 24)
    return bytes
  },
  'rule in no layer': (bytes) => {
    bytes.writeUInt32LE(2, 32)
    return bytes
  },
  'negative call': (bytes) => {
    bytes.writeInt32LE(-1, 36)
    return bytes
  },
  'x32 call': (bytes) => {
    bytes.writeInt32LE(0x40000001, 36)
    return bytes
  },
  'action NOTIFY': (bytes) => {
    bytes.writeUInt32LE(0x7fc00000, 40)
    return bytes
  },
  'errno 0': (bytes) => {
    bytes.writeUInt32LE(0x50000, 40)
    return bytes
  },
  'errno 4096': (bytes) => {
    bytes.writeUInt32LE(0x51000, 40)
    return bytes
  },
  '13 compares': (bytes) => {
    bytes.writeUInt32LE(13, 44)
    return bytes
  },
  'argument 6': (bytes) => {
    bytes.writeUInt32LE(6, 32 + 304 + 16)
    return bytes
  },
  'operator 7': (bytes) => {
    bytes.writeUInt32LE(7, 32 + 304 + 20)
    return bytes
  },
  'operator 0': (bytes) => {
    bytes.writeUInt32LE(0, 32 + 304 + 20)
    return bytes
  },
}

t.test('every damaged field is refused', (t) => {
  t.ok(seccompAddon().compile(request()), 'control: the undamaged request compiles')
  for (const [name, damage] of Object.entries(damages)) {
    t.throws(() => seccompAddon().compile(damage(request())), name)
  }
  t.end()
})

t.test('a program that would be too long is refused, not cut', (t) => {
  // Two arguments in turn, so that no two compares in a row share a load.
  const rules = Array.from({ length: 3000 }, (_, value) => ({
    call: 16,
    action: allow,
    compares: [{ index: value % 2, operator: 4, mask: 0xffffffffn, value: BigInt(value) }],
  }))
  const bytes = encodeRequest('x86_64', [{ defaultAction: refuse, rules }])
  t.throws(() => seccompAddon().compile(bytes), /program failed at 0: Argument list too long/)
  t.end()
})

function underSanitizers(verb: 'compile' | 'dump' | 'damage', input: Buffer) {
  return spawnSync(join(buildFolder, 'addon-driver-sanitized'), [verb], {
    input,
    env: {
      ASAN_OPTIONS: 'exitcode=66:detect_leaks=1',
      UBSAN_OPTIONS: 'halt_on_error=1:exitcode=66',
    },
    maxBuffer: 16 * 1024 * 1024,
  })
}

t.test('a program that is wrong in one place does not pass the verifier', (t) => {
  const { status, stdout } = underSanitizers('damage', request())
  t.equal(status, 0)
  const lines = stdout.toString().trim().split('\n')
  t.match(lines.pop(), /^shown: [1-9]\d+$/, 'it was shown some')
  // Both turn a compare into a test of bits where the numbers that come there make no difference: 0 and 1 against 1 at the sixth
  // instruction, 0 to 2 against 2 at the thirteenth.
  t.same(lines, ['passed: 6 4', 'passed: 13 4'], 'and let pass what means the same')
  t.end()
})

t.test('the core under AddressSanitizer and UBSan', (t) => {
  const good = underSanitizers('compile', request())
  t.equal(good.status, 0, good.stderr.toString())
  t.same(good.stdout, seccompAddon().compile(request()), 'the same bytes as the addon')
  t.equal(underSanitizers('dump', request()).status, 0)
  for (const [name, damage] of Object.entries(damages)) {
    t.equal(
      underSanitizers('compile', damage(request())).status,
      1,
      `${name}: refused, not crashed`,
    )
  }
  let state = 11
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let round = 0; round < 150; round += 1) {
    const bytes = request()
    for (let flips = 0; flips <= random(4); flips += 1) bytes[random(bytes.length)] = random(256)
    const { status, stderr } = underSanitizers(round % 2 ? 'dump' : 'compile', bytes)
    if (status !== 0 && status !== 1) t.fail(`mutation ${round}: ${status}\n${stderr}`)
  }
  t.end()
})
