// The layout of the repository: who may import whom, how long things may be, and that tables, code and documents agree.
import { basename, dirname } from 'node:path'
import t from 'tap'
import { auditLines } from '../contract/audit.js'
import { Settings, variableOf } from '../contract/config.js'
import { errors } from '../contract/error.js'
import { metrics } from '../contract/metric.js'
import { rules } from '../policy/rules.js'
import {
  files,
  functionsOf,
  functionsOfC,
  type Import,
  importsOf,
  lineCount,
  read,
  repository,
} from './tidy-source.js'

const all = files()
const top = (path: string): string => path.split('/')[0] ?? ''
const typescript = all.filter((path) => path.endsWith('.ts'))
const c = all.filter((path) => /\.[ch]$/.test(path))
const imports = typescript.flatMap(importsOf)
const product = typescript.filter((path) => !['test', 'ops'].includes(top(path)))

/** Which folder may import which others. Nothing imports test or ops; api and worker never meet. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  policy: ['contract'],
  queue: ['contract', 'policy'],
  api: ['contract', 'policy', 'queue'],
  worker: ['contract', 'policy', 'queue', 'native'],
  // The log and the settings file are queue's to read, profiles native's to compile; the guard has no Redis and no launcher.
  guard: ['contract', 'policy', 'queue', 'native'],
  native: ['contract'],
  ops: ['contract', 'policy', 'queue', 'native', 'api'],
  test: ['contract', 'policy', 'queue', 'api', 'worker', 'guard', 'native', 'ops'],
}

/** Folders that have a short list of packages, instead of whatever package.json has. */
const packagesOf: Readonly<Record<string, RegExp>> = {
  contract: /^typebox(\/.*)?$/,
  policy: /^(typebox(\/.*)?|yaml)$/,
}

t.test('imports follow the direction of the folders', (t) => {
  const wrong = imports
    .filter(({ from, local, to }) => local && top(from) !== top(to))
    .filter(({ from, to }) => !(mayImport[top(from)] ?? []).includes(top(to)))
    .map(({ from, to }) => `${from} imports ${to}`)
  t.same(wrong, [])
  const missing = imports.filter(({ local, to }) => local && !all.includes(to))
  t.same(missing, [], 'each local import names a file')
  t.end()
})

t.test('contract and policy are pure: no built-in module, no other package', (t) => {
  const wrong = imports
    .filter(({ from, local, to }) => !local && packagesOf[top(from)]?.test(to) === false)
    .map(({ from, to }) => `${from} imports ${to}`)
  t.same(wrong, [])
  t.end()
})

/** The first cycle found from a file on, as a chain of paths. Types count: a cycle of types is a cycle of ideas. */
function cycleFrom(
  path: string,
  graph: ReadonlyMap<string, string[]>,
  done: Set<string>,
): string[] {
  const chain: string[] = []
  const walk = (at: string): string[] => {
    if (chain.includes(at)) return [...chain.slice(chain.indexOf(at)), at]
    if (done.has(at)) return []
    chain.push(at)
    for (const next of graph.get(at) ?? []) {
      const found = walk(next)
      if (found.length > 0) return found
    }
    chain.pop()
    done.add(at)
    return []
  }
  return walk(path)
}

t.test('no import goes in a circle', (t) => {
  const graph = new Map<string, string[]>()
  const add = ({ from, to }: Import): unknown => graph.set(from, [...(graph.get(from) ?? []), to])
  imports.filter(({ local }) => local).forEach(add)
  const done = new Set<string>()
  t.same(
    product.map((path) => cycleFrom(path, graph, done)).filter((cycle) => cycle.length > 0),
    [],
  )
  t.end()
})

const fileLinesMax = 400
const functionLinesMax = 60

t.test(`no file has more than ${fileLinesMax} lines`, (t) => {
  const scripts = all.filter(
    (path) => /\.(sh|py)$/.test(path) || ['stockade', 'test/run'].includes(path),
  )
  const long = [...typescript, ...c, ...scripts]
    .map((path) => ({ path, lines: lineCount(read(path)) }))
    .filter(({ lines }) => lines > fileLinesMax)
  t.same(long, [])
  t.end()
})

/** In a test file the callbacks of t.test count by themselves, in product code everything counts. */
t.test(`no function has more than ${functionLinesMax} lines`, (t) => {
  const measured = [
    ...typescript.flatMap((path) => functionsOf(path).map((one) => ({ path, ...one }))),
    ...c.flatMap((path) => functionsOfC(path).map((one) => ({ path, ...one }))),
  ]
  t.ok(measured.length > 100, 'functions were found')
  t.same(
    measured.filter(({ lines }) => lines > functionLinesMax),
    [],
  )
  t.end()
})

/** Folders that may have folders, and which. Everything else is flat. */
const foldersIn: Readonly<Record<string, RegExp>> = {
  native: /^native\/(addon|launcher|set-up)$/,
  profiles: /^profiles\/(apparmor|languages|seccomp)$/,
  ops: /^ops\/images$/,
  docs: /^docs\/generated$/,
  test: /^test\/([a-z-]+|attack\/[a-z0-9-]+|native\/[a-z]+-corpus)$/,
}

t.test('folders are flat', (t) => {
  const nested = all.filter((path) => path.includes('/') && path.split('/').length > 2)
  const wrong = nested.filter((path) => !(foldersIn[top(path)]?.test(dirname(path)) ?? false))
  t.same(wrong, [])
  t.end()
})

t.test('no file is a drawer for everything, and no module only passes others on', (t) => {
  const drawer = /^(utils?|helpers?|common|misc|index|shared|types|constants)\.[a-z]+$/
  t.same(
    all.filter((path) => drawer.test(basename(path))),
    [],
  )
  const barrel = (path: string): boolean =>
    !/^(?!export (\*|\{[^}]*\}) from|import |\/\/|\s*$).+/m.test(read(path))
  t.same(typescript.filter(barrel), [])
  t.end()
})

t.test('each source file begins by saying what it owns', (t) => {
  const silent = [...typescript, ...c].filter((path) => !/^(\/\/|\/\*)/.test(read(path)))
  t.same(silent, [])
  t.end()
})

/** The walk of one job (docs/walk.md): its owners by step. */
const walk = [
  'api/server.ts',
  'api/route-jobs.ts',
  'policy/engine.ts',
  'queue/admit.ts',
  'worker/consume.ts',
  'worker/judge-again.ts',
  'native/seccomp.ts',
  'native/launch-client.ts',
  'native/launcher/supervise.c',
  'worker/collect.ts',
]

t.test('each of the ten steps has one owner, which says so', (t) => {
  const claims = [...typescript, ...c]
    .map((path) => ({ path, step: /^(?:\/\/|\/\*) Step (\d+) of 10: /.exec(read(path))?.[1] }))
    .filter(({ step }) => step !== undefined)
    .sort((one, other) => Number(one.step) - Number(other.step))
  t.same(
    claims.map(({ path, step }) => `${step} ${path}`),
    walk.map((path, index) => `${index + 1} ${path}`),
  )
  t.end()
})

t.test('the stages of the launcher are the same in C and in contract/', (t) => {
  const inC = [...read('native/launcher/stage.def').matchAll(/^STAGE\(\w+, "([a-z-]+)"\)/gm)]
  const text = all.includes('contract/stage.ts') ? read('contract/stage.ts') : ''
  const array = /launcherStages = \[([^\]]*)\]/.exec(text)?.[1] ?? ''
  t.ok(inC.length > 10, 'stages were found')
  t.same(
    [...array.matchAll(/'([a-z-]+)'/g)].map((match) => match[1]),
    inC.map((match) => match[1]),
  )
  t.end()
})

t.test('every rule is in the list of rules and in docs/policy.md', (t) => {
  const list = read('policy/rules.ts')
  const ruleFiles = all.filter((path) => /^policy\/rule-[a-z-]+\.ts$/.test(path))
  t.ok(ruleFiles.length >= 15, 'rules were found')
  const unlisted = ruleFiles.filter((path) => {
    const imported = new RegExp(`import \\{ (\\w+) \\} from './${basename(path, '.ts')}\\.js'`)
    const name = imported.exec(list)?.[1]
    return name === undefined || !new RegExp(`^  ${name},$`, 'm').test(list)
  })
  t.same(unlisted, [])
  t.same(
    rules.filter(({ id }) => !documented('docs/policy.md', id)).map(({ id }) => id),
    [],
  )
  t.end()
})

function documented(document: string, word: string): boolean {
  return all.includes(document) && read(document).includes(`\`${word}\``)
}

t.test('every error, metric and setting is documented', (t) => {
  const missing = [
    ...Object.keys(errors).filter((code) => !documented('docs/errors.md', code)),
    ...Object.keys(metrics).filter((name) => !documented('docs/metrics.md', name)),
    ...Object.keys(Settings.properties)
      .flatMap((name) => [name, variableOf(name)])
      .filter((name) => !documented('docs/settings.md', name)),
  ]
  t.same(missing, [])
  t.end()
})

t.test('every act of the audit log, and every field of one, is documented', (t) => {
  const words = [...auditLines].flatMap(([act, { properties }]) => [
    act,
    ...Object.keys(properties),
  ])
  t.ok(words.length > 50, 'acts were found')
  t.same(
    [...new Set(words)].filter((word) => !documented('docs/audit.md', word)),
    [],
  )
  t.end()
})

t.test('every metric is used by its owner, and no code has one that is in no table', (t) => {
  for (const [name, { owner }] of Object.entries(metrics)) {
    for (const one of owner === 'each' ? ['api', 'worker'] : [owner]) {
      const uses = typescript.filter(
        (path) => top(path) === one && read(path).includes(`'${name}'`),
      )
      t.ok(uses.length > 0, `${one} uses ${name}`)
    }
  }
  const known = new Set(Object.keys(metrics))
  const strange = product
    .flatMap((path) =>
      [...read(path).matchAll(/'(stockade_[a-z_]+)'/g)].map((match) => match[1] ?? ''),
    )
    .filter((name) => !known.has(name))
  t.same(strange, [])
  t.end()
})

t.test('a test that is left out says why', (t) => {
  const silent = all
    .filter((path) => path.startsWith('test/') && path.endsWith('.ts'))
    .flatMap((path) => {
      const text = read(path)
      const bare = [/\bt\.skip\(\s*\)/, /\b(skip|todo): true/, /\.(only|todo)\(/]
      return bare.filter((pattern) => pattern.test(text)).map((pattern) => `${path}: ${pattern}`)
    })
    .filter((fault) => !fault.startsWith('test/tidy.test.ts'))
  t.same(silent, [])
  t.end()
})

/** Addresses a committed file may name: this machine, reserved examples, literal addresses, and specifications. */
const knownHosts = [
  /^(localhost\.?|[a-z.]*\.(test|example|invalid|internal|local|localhost))(:(\d+\.?|\$.*))?$/,
  // Origins of a grant.
  /^\*(\.(hooks\.internal|example\.com))?(:\d+)?$/,
  /^([a-z0-9.-]+\.)?example\.(com|org|net)\.?(:\d+)?$/,
  /^[0-9.xa-f]+(:(\d+|\$.*))?$/,
  /^(\[|\$|%|<|①)/,
  /^[a-z]+\.?$/,
  /[^ -~]/,
  /^(www\.rfc-editor\.org|docs\.kernel\.org|www\.kernel\.org|man7\.org|in-toto\.io)$/,
]

function foreignHosts(text: string): string[] {
  const addresses = /\b(?:https?|git|ssh):\/\/(?:[^\s/@'"`]*@)?([^\s/'"`)>\\,?#]+)/g
  return [...text.matchAll(addresses)]
    .map((match) => (match[1] ?? '').toLowerCase())
    .filter((host) => !knownHosts.some((known) => known.test(host)))
}

t.test('no committed file names a foreign host, this machine, or is a big blob', (t) => {
  const machine = new RegExp(['', 'work', '(main|shared)(/|\\s|$)'].join('/'), 'm')
  const faultsOf = (file: string): string[] => {
    const text = read(file)
    // A lock file names its packages' home pages; what it must not name is where they were fetched.
    const hosts = file === 'package-lock.json' ? /"resolved"/.exec(text) : foreignHosts(text)
    return [
      ...(hosts ?? []).map((host) => `${file}: host ${host}`),
      ...(machine.test(text) || text.includes(repository) ? [`${file}: path of this machine`] : []),
      ...(text.length > 1_000_000 ? [`${file}: ${text.length} bytes`] : []),
    ]
  }
  t.same(all.flatMap(faultsOf), [])
  t.end()
})
