// The launcher's small parts: words, numbers, paths, what the kernel writes, and what our own processes send each other.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { launcherStages } from '../../contract/stage.js'
import { answers, buildLauncherTests, words } from './launcher-tools.js'

buildLauncherTests('drivers')

/** Each row: the words of a case, and its answer. */
function table(t: Test, verb: string, rows: readonly (readonly [readonly Word[], unknown])[]) {
  const answered = answers(
    verb,
    rows.map(([given]) => words(...given)),
  )
  for (const [at, [given, expected]] of rows.entries())
    t.same(
      answered[at],
      expected,
      `${verb} ${given.map((word) => String(word).slice(0, 40)).join(' ')}`,
    )
}
type Word = string | number | bigint

t.test('numbers', (t) => {
  const all = 2n ** 64n - 1n
  table(t, 'number', [
    [[0, all, '0'], '0'],
    [[0, all, all], String(all)],
    [[0, all, all + 1n], null],
    [[0, all, '18446744073709551620'], null],
    [[0, all, '99999999999999999999'], null],
    [[0, all, '100000000000000000000'], null],
    [[0, all, '01'], null],
    [[0, all, ''], null],
    [[0, all, '-0'], null],
    [[0, all, '1 '], null],
    [[5, 7, '4'], null],
    [[5, 7, '5'], '5'],
    [[5, 7, '7'], '7'],
    [[5, 7, '8'], null],
  ])
  t.end()
})

t.test('words of a set', (t) => {
  table(t, 'word', [
    [[3, 'ab', 'a'], true],
    [[3, 'ab', 'aba'], true],
    [[3, 'ab', 'abab'], false],
    [[3, 'ab', ''], false],
    [[3, 'ab', 'abc'], false],
  ])
  t.end()
})

t.test('paths', (t) => {
  const component = 'a'.repeat(255)
  table(t, 'path', [
    [['relative', 'a'], true],
    [['relative', `a/${component}/b`], true],
    [['relative', `a/${component}a`], false],
    [['relative', ''], false],
    [['relative', '/a'], false],
    [['relative', 'a/'], false],
    [['relative', 'a//b'], false],
    [['relative', 'a/./b'], false],
    [['relative', 'a/../b'], false],
    [['relative', '..'], false],
    [['relative', '...'], true],
    [['relative', '.a/a./..a/a..'], true],
    [['absolute', '/'], false],
    [['root', '/'], true],
    [['root', ''], false],
    [['root', '//'], false],
    [['absolute', '/a'], true],
    [['absolute', 'a'], false],
    [['absolute', '/..'], false],
  ])
  t.end()
})

t.test('namespaces, as one launcher process tells the other', (t) => {
  const eight = '4026531837,1,2,3,4,5,6,18446744073709551615'
  table(t, 'namespaces', [
    [[eight], eight],
    [[''], null],
    [['1,2,3,4,5,6,7'], null],
    [['1,2,3,4,5,6,7,'], null],
    [['1,2,3,4,5,6,7,8,9'], null],
    [['1,2,3,4,,6,7,8'], null],
    [['1,2,3,4,5,6,7,8x'], null],
  ])
  t.end()
})

t.test('stages by number: in order, and none for what is no stage', (t) => {
  const numbers = [0, ...launcherStages.map((_, at) => at + 1)]
  t.same(
    answers(
      'stage',
      numbers.map((number) => words(number)),
    ),
    ['none', ...launcherStages],
  )
  const none = [launcherStages.length + 1, 255, 4294967295]
  t.same(
    answers(
      'stage',
      none.map((number) => words(number)),
    ),
    ['none', 'none', 'none'],
  )
  t.end()
})

t.test('numbers and keys of control files', (t) => {
  const all = String(2n ** 64n - 1n)
  table(t, 'cgroup-number', [
    [['0\n'], '0'],
    [['67108864\n'], '67108864'],
    [['100000 100000\n'], '100000'],
    [['max\n'], all],
    [['max 100000\n'], all],
    [['-1\n'], all],
    [[''], null],
    [['\n'], null],
    [[' 1'], null],
    [['+1'], null],
    [['-x'], null],
    [['18446744073709551616'], null],
  ])
  const text = 'usage_usec 5\nuser_usec 3\nuser 7\noom_kill 2'
  table(t, 'cgroup-key', [
    [['usage_usec', text], '5'],
    [['user', text], '7'],
    [['oom_kill', text], '2'],
    [['oom', text], null],
    [['usec', text], null],
    [['user', 'user'], null],
    [['user', 'user x\n'], null],
    [['user', ''], null],
  ])
  t.end()
})

t.test('a control file is read whole or not at all', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stockade-launcher-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const contents = {
    small: '42\n',
    full: '1'.repeat(62),
    more: '1'.repeat(63),
    empty: '',
    word: 'x',
  }
  for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, name), text)
  const names = [...Object.keys(contents), 'absent']
  t.same(
    answers(
      'group-file',
      names.map((name) => words(folder, name)),
    ),
    [
      { read: 0, number: 0, value: '42', optional: 0 },
      { read: 0, number: -22, value: '0', optional: -22 },
      { read: -7, number: -7, value: '0', optional: -7 },
      { read: 0, number: -22, value: '0', optional: -22 },
      { read: 0, number: -22, value: '0', optional: -22 },
      { read: -2, number: -2, value: '0', optional: 0 },
    ],
  )
  t.end()
})

t.test('what is in force, as the kernel writes it', (t) => {
  const status =
    'Name:\tCapEff: 1\nUid:\t1\t2\t3\t4\nGroups:\t\nCapInh:\t0000000000000000\nCapEff:\t00000000000000ff\nSeccomp:\t2\nSeccomp_filters:\t3\n'
  table(t, 'status-field', [
    [['CapEff', status], '00000000000000ff'],
    [['Seccomp', status], '2'],
    [['Seccomp_filters', status], '3'],
    [['Groups', status], ''],
    [['Uid', status], '1\t2\t3\t4'],
    [['Cap', status], ''],
    [['NoNewPrivs', status], ''],
    [['Seccomp_filters', 'Seccomp_filters:'], ''],
  ])
  table(t, 'status-ids', [
    [[7, '7\t7\t7\t7\n'], true],
    [[7, '7\t7\t7\t8\n'], false],
    [[7, '8\t7\t7\t7\n'], false],
    [[7, '7\t7\t7\n7'], false],
    [[7, ''], false],
    [[0, ''], false],
    [[0, '\n'], false],
    [[7, '-7 7 7 7'], false],
  ])
  table(t, 'status-map', [
    [['         0     165536      65536\n'], '0 165536 65536'],
    [['0 1 2'], '0 1 2'],
    [['0 1 2\n3 4 5\n'], null],
    [['0 1\n'], null],
    [['0 1 2 3\n'], null],
    [['0 -1 2\n'], null],
    [['0 1 18446744073709551616\n'], null],
    [['0 1 2x\n'], null],
    [[''], null],
  ])
  t.end()
})

t.test(
  'connections that wait: in order, as many as there are slots, and refused in the end',
  (t) => {
    const draining = { code: 'draining', detail: 'no free slot' }
    table(t, 'backlog', [
      [
        [2, 'f'],
        ['f', -1],
      ],
      [
        [2, 'aaf'],
        ['aaf', 0, 0, 0, null, null],
      ],
      [
        [2, 'aaa'],
        ['aaa', 0, 0, -1, null, null, null],
      ],
      [
        [2, 'aadfdf'],
        ['aadfdf', 0, 0, 1, -1, null, null],
      ],
      [
        [1, 'adaf'],
        ['adaf', 0, 0, 1, null, null],
      ],
      [
        [3, 'aardR'],
        ['aardR', 0, 0, null, draining],
      ],
      [
        [3, 'w'],
        ['w', -1],
      ],
      [
        [3, 'aw'],
        ['aw', 0, 0, null],
      ],
    ])
    t.end()
  },
)

t.test('records between our own processes: of one size, with three descriptors', (t) => {
  table(t, 'channel', [
    [
      ['whole', 0],
      ['message', 0, 0],
    ],
    [
      ['whole', 3],
      ['message', 3, 0],
    ],
    [
      ['whole', 4],
      ['message', 3, 0],
    ],
    [
      ['whole', 8],
      ['message', 3, 0],
    ],
    [
      [1, 0],
      ['refused', 0, 0],
    ],
    [
      [1, 1],
      ['refused', 0, 0],
    ],
    [
      ['closed', 0],
      ['gone', 0, 0],
    ],
  ])
  t.end()
})
