// Jobs that are none and grants that are refused: what the golden record of faults is made of. Each is there for a sentence or a place.
import { GrantError, parseGrants } from '../../policy/grant-file.js'
import { checkJobSpec } from '../../policy/schema.js'

const bash = { language: 'bash', source: 'x' }
const image = { image: 'a', command: ['x'] }
const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const json = (text: string): unknown => JSON.parse(text)

const base64 = (contentBase64: string) => ({ ...bash, files: [{ path: 'a', contentBase64 }] })

export const faultyJobs: Readonly<Record<string, unknown>> = {
  'no object': 1,
  null: null,
  'a list': [],
  'a text': 'x',
  nothing: {},
  'unknown fields': { ...bash, foo: 1, 'a/b~': 2, limits: { foo: 1 } },
  'an inherited name': json('{"language":"bash","source":"x","constructor":1}'),
  prototype: json('{"language":"bash","source":"x","__proto__":{}}'),
  'prototype as a variable': json('{"language":"bash","source":"x","env":{"__proto__":"x"}}'),
  'prototype as a label': json('{"language":"bash","source":"x","labels":{"__proto__":"x"}}'),
  'every type wrong': {
    ...{ language: 1, source: null, image: true, command: 'x', arguments: {}, files: 'x' },
    ...{ stdin: [], env: [], workdir: 1, limits: [], network: {}, mounts: {}, capabilities: [] },
    ...{ privileged: 1, namespaces: 'x', devices: 'x', sysctls: 1, user: 1, labels: null },
    ...{ priority: '5', retry: [], expiresAfterMs: 1.5, callback: false },
  },
  'numbers out of bounds': {
    ...bash,
    limits: { wallMs: 0, cpuMs: -1, processes: 1.5, memoryBytes: 2 ** 53, cpus: 0, openFiles: '1' },
    user: { uid: 65_534, gid: -1 },
    priority: 10,
    retry: { attempts: 11 },
    expiresAfterMs: 0,
  },
  'numbers at their bounds': {
    ...bash,
    limits: { wallMs: 1, memoryBytes: 2 ** 53 - 1, cpus: 1024 },
    user: { uid: 65_533, gid: 0 },
    priority: 9,
    retry: { attempts: 10 },
    expiresAfterMs: 604_800_000,
  },
  'processors beyond all': { ...bash, limits: { cpus: 1024.5 } },
  'missing members': { ...bash, user: {}, mounts: [{}], files: [{}], retry: {} },
  enumerations: { ...bash, mounts: [{ type: 'nfs', target: '/x' }] },
  'texts too short': { language: '', source: '', image: '', workdir: '', network: '', seccomp: '' },
  'texts too long': {
    ...bash,
    network: 'x'.repeat(129),
    seccomp: '𝟙'.repeat(129),
    apparmor: 'x'.repeat(600),
  },
  'texts of just the length, in characters of two units': { ...bash, seccomp: '𝟙'.repeat(128) },
  'steps beside a program of the job’s own': {
    ...bash,
    ...{ command: ['x'], arguments: ['x'], stdin: 'x', image: 'a' },
    steps: [{ name: 'a', run: 'x' }],
  },
  'steps without an image': { steps: [{ name: 'a', run: 'x' }] },
  'steps that are none': {
    image: 'a',
    steps: [
      {},
      { name: 'A' },
      { name: 'b', run: '', if: 'sometimes', limits: { diskBytes: 1, wallMs: 0 } },
      { name: 'c', run: 'x', stdin: 'x' },
      1,
    ],
  },
  'steps that do not fit each other': {
    image: 'a',
    steps: [
      { name: 'a', run: 'x' },
      { name: 'a', run: 'x', command: ['x'] },
      { name: 'b', env: { A: '1' } },
      { name: 'c', run: 'x\0y', env: { 'A\nB': 1 } },
    ],
  },
  'secrets that are none': {
    ...bash,
    secrets: [
      { name: 'A', value: 'abc' },
      { name: 'b-c', value: 'hunter22' },
      { name: 'D', value: 'hunter22', valueBase64: 'aHVudGVyMjI=' },
      { name: 'E', valueBase64: 'hunter2' },
      { name: 'F', value: 'hunter22', mode: 0o4000, as: 'argument' },
    ],
  },
  'secrets that do not fit each other': {
    ...bash,
    secrets: [
      { name: 'A', value: 'hunter22' },
      { name: 'A', value: 'hunter23' },
      { name: 'B', value: '  a   ' },
      { name: 'C', value: 'hunter\0', as: 'environment', mode: 256 },
      { name: 'D', value: 'hunter22', valueBase64: 'aHVudGVyMjI=' },
      { name: 'E', valueBase64: 'hunter2' },
      { name: 'F', value: 'hunter\ud800' },
    ],
  },
  'no steps': { image: 'a', steps: [] },
  'too many steps': {
    image: 'a',
    steps: Array.from({ length: 65 }, (_, at) => ({ name: `s${at}`, run: 'x' })),
  },
  'a language of another form': { ...bash, language: 'Not A Language' },
  'lists too long': {
    ...bash,
    arguments: Array(1025).fill('x'),
    devices: Array(65).fill('x'),
    files: Array(1001).fill(1),
  },
  'lists of wrong things': { ...bash, arguments: ['x', 1, null], devices: [[]] },
  'an empty command': { image: 'a', command: [] },
  'maps too large': {
    ...bash,
    labels: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`l${at}`, 'x'])),
  },
  'maps of wrong things': {
    ...bash,
    env: { A: 1, 'a/b': null },
    sysctls: { x: [] },
    labels: { a: 1 },
  },
  'map keys of another form': { ...bash, labels: { 'a b': 'x', '': 'x', ['x'.repeat(400)]: 'x' } },
  'a key with a line feed and no text': {
    ...bash,
    env: { 'a\nb': 1 },
    sysctls: { 'c\nd': { e: 1 } },
  },
  deep: { ...bash, env: { A: nested(40) } },
  'language and image': { ...bash, image: 'a', command: ['x'] },
  'a language alone': { language: 'bash' },
  'a language with a command': { ...bash, command: ['x'] },
  'an image alone': { image: 'a' },
  'an image with a source': { ...image, source: 'x' },
  'an image with arguments': { ...image, arguments: ['x'] },
  'an image with both': { ...image, source: 'x', arguments: [] },
  'a file without content': { ...bash, files: [{ path: 'a' }] },
  'a file with two': { ...bash, files: [{ path: 'a', content: '', contentBase64: '' }] },
  'two files of one path': {
    ...bash,
    files: ['a', 'b', 'a'].map((path) => ({ path, content: '' })),
  },
  'two inputs': { ...bash, stdin: '', stdinBase64: '' },
  'one input as text': { ...bash, stdin: '\0' },
  'one input as bytes': { ...bash, stdinBase64: 'eA==' },
  'NUL where it ends a string': {
    ...bash,
    source: 'a\0b',
    arguments: ['a\0b'],
    env: { A: 'x\0', 'B\0': 'x' },
    workdir: '/a\0',
    files: [{ path: 'a\0', content: '\0' }],
    labels: { a: '\0' },
  },
  'lone surrogates': {
    ...{ language: 'bash', source: '\ud800', stdin: '\udc00' },
    arguments: ['\ud800x'],
    files: [{ path: 'a', content: '\ud800' }],
    env: { A: '\ud800', '\udc00': 'x' },
  },
  'base64 of no length': base64(''),
  'base64 of one byte': base64('QQ=='),
  'base64 of two bytes': base64('QUI='),
  'base64 of three bytes': base64('QUJD'),
  'base64 of every last character of one byte': {
    ...bash,
    files: ['A', 'Q', 'g', 'w'].map((last) => ({ path: last, contentBase64: `Q${last}==` })),
  },
  'base64 with bits left over, of one byte': base64('QR=='),
  'base64 with bits left over, of two': base64('QUJ='),
  'base64 of every last character of two bytes': {
    ...bash,
    files: [...'AEIMQUYcgkosw048'].map((last) => ({ path: last, contentBase64: `QQ${last}=` })),
  },
  'base64 cut': base64('QUJ'),
  'base64 of one character': base64('Q==='),
  'base64 with a line feed': base64('QU\nJD'),
  'base64 for URLs': base64('QU-_'),
  'base64 with padding inside': base64('Q=Q='),
  'base64 of nothing but padding': base64('===='),
  'more faults than are told': {
    ...bash,
    env: Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`e${at}`, at])),
    arguments: Array(20).fill(1),
  },
  'more faults of form than are told': {
    ...bash,
    files: Array.from({ length: 1000 }, (_, at) => ({ path: `f${at}\0` })),
  },
}

/** What is said of a job: its faults, or that it is one. */
export function jobFaults(value: unknown): string[] {
  const checked = checkJobSpec(value)
  if (checked.ok) return ['it is a job']
  const lines = checked.violations.map(
    ({ rule, pointer, message }) => `${rule} ${pointer}: ${message}`,
  )
  // Of very many the ends tell enough.
  return lines.length <= 40
    ? lines
    : [`${lines.length} faults`, ...lines.slice(0, 2), ...lines.slice(-2)]
}

const limits = (text: string): string => `extends: ci\nlimits:\n  ${text}\n`

export const faultyGrants: Readonly<Record<string, string>> = {
  nothing: '',
  'a list': '- a\n',
  'a text': 'abc\n',
  'no preset': 'rootInside: true\n',
  'no preset, and a fault': 'rootInside: 1\n',
  'an unknown preset': '# one\nextends: root\n',
  'a preset that is no text': 'extends: [ci]\n',
  'another name': 'extends: ci\nname: other\n',
  'its own name': 'extends: ci\nname: good\n',
  'a name that is no text': 'extends: ci\nname: 1\n',
  'an unknown field, not far from one': 'extends: ci\nrootInsid: true\n',
  'fields of wrong types':
    'extends: ci\nrootInside: 1\nnetworks: none\nlimits: []\nqueuedJobs: x\n',
  'an unknown limit': limits('wallms: { default: 1, maximum: 2 }'),
  'half a pair stays as the preset has it': limits('wallMs: { maximum: 700000 }'),
  'an unknown half': limits('wallMs: { defalt: 1 }'),
  'a pair as a number': limits('wallMs: 5'),
  zero: limits('wallMs: { default: 0, maximum: 0 }'),
  'a default above its maximum': limits('wallMs: { default: 9, maximum: 8 }'),
  'a default at its maximum': limits('wallMs: { default: 8, maximum: 8 }'),
  'too little memory': limits('memoryBytes: { default: 4194303, maximum: 17179869184 }'),
  'more disk than memory by default': limits('diskBytes: { default: 2147483649 }'),
  'as much disk as memory by default': limits('diskBytes: { default: 2147483648 }'),
  'more disk than memory at most': limits('diskBytes: { maximum: 17179869185 }'),
  'as much disk as memory at most': limits('diskBytes: { maximum: 17179869184 }'),
  'a larger file than the disk by default': limits('fileBytes: { default: 1073741825 }'),
  'a file as large as the disk by default': limits('fileBytes: { default: 1073741824 }'),
  'a larger file than the disk at most': limits('fileBytes: { maximum: 8589934593 }'),
  'a file as large as the disk at most': limits('fileBytes: { maximum: 8589934592 }'),
  'too little to compile': limits('compileMemoryBytes: 4194303'),
  'just enough to compile': limits('compileMemoryBytes: 4194304'),
  'too small a stack': limits('stackBytes: 524287'),
  'just enough of a stack': limits('stackBytes: 524288'),
  'a capability that is none': 'extends: ci\ncapabilities: [CAP_NOPE]\n',
  'a capability that nobody gets': 'extends: ci\ncapabilities: [CAP_CHOWN, CAP_BPF]\n',
  'a capability in another spelling': 'extends: ci\ncapabilities: [chown]\n',
  'no `none` among networks': 'extends: ci\nnetworks: [loopback]\n',
  'a network that is none': 'extends: ci\nnetworks: [none, host]\n',
  'a profile that nobody gets': 'extends: ci\nseccompProfiles: [default, unconfined, learn]\n',
  'things given twice':
    'extends: ci\nnetworks: [none, none]\nimages: [a, b, a]\nlanguages: [c, c]\nseccompProfiles: [strict, strict]\n',
  'no languages': 'extends: ci\nlanguages: []\n',
  'a warning that does not exist': 'extends: ci\nwarningsRefused: [root-inside, nope]\n',
  'a warning given twice': 'extends: ci\nwarningsRefused: [root-inside, root-inside]\n',
  'broken YAML': 'extends: [',
  'equal keys': 'extends: ci\nlimits:\n  wallMs: { maximum: 1, maximum: 2 }\n',
  'an anchor': 'extends: ci\nimages: &x ["*"]\n',
  'an alias': 'extends: ci\nimages: &x ["*"]\nlanguages: *x\n',
  'a bomb': `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nextends: ci\n`,
  'a tag': 'extends: !!str ci\n',
  'a tag of its own': 'extends: ci\nimages: !mine ["*"]\n',
  'a merge key': 'extends: ci\n<<: { rootInside: true }\n',
  'a number as a key': 'extends: ci\n1: x\n',
  'a list as a key': 'extends: ci\n? [a]\n: x\n',
  'nothing as a key': 'extends: ci\n? \n: x\n',
  'two documents': 'extends: ci\n---\nextends: ci\n',
  'an old boolean': 'extends: ci\nrootInside: yes\n',
  'a tab': 'extends: ci\nlimits:\n\twallMs: 1\n',
  'a directive': '%YAML 1.1\n---\nextends: ci\n',
  prototype: 'extends: ci\n__proto__: { rootInside: true }\n',
  'a capability that no container gets':
    'extends: platform\ndocker: { capabilities: [CAP_SYS_ADMIN] }\n',
  'a capability twice': 'extends: platform\ndocker: { capabilitiesAdded: [CAP_KILL, CAP_KILL] }\n',
  'a registry by address':
    "extends: platform\ndocker: { registries: ['https://registry.example'] }\n",
  'a shared root by accident': 'extends: platform\ndocker: { sharedRoot: true }\n',
  'a shared root, meant':
    'extends: platform\ndocker: { sharedRoot: root-in-a-container-is-root-on-this-host }\n',
  'an engine with Landlock': 'extends: platform\nlandlockAbiMinimum: 1\n',
  'too long': `extends: ci\n#${'x'.repeat(65_536)}\n`,
  'just short enough': `extends: ci\n#${'x'.repeat(65_536 - 14)}\n`,
}

/** What is said of a grant file: its faults, or its revision. */
export function grantFaultsOf(text: string, name = 'grants/good.yaml'): string[] {
  try {
    const stem = name.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
    return [`loads as ${parseGrants([{ name, text }]).get(stem)?.revision}`]
  } catch (error) {
    if (error instanceof GrantError) return error.message.split('\n')
    throw error
  }
}
