// Patterns of paths: what they take in, and that no pattern takes long.
import t from 'tap'
import { literalPrefix, matchesPath, selects } from '../../worker/glob.js'

const rows: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'a/b/c', true],
  ['a/b', 'a', false],
  ['*.log', 'x.log', true],
  ['*.log', 'a/x.log', false],
  ['*', '.hidden', true],
  ['?.c', 'x.c', true],
  ['?.c', 'xy.c', false],
  ['**/*.log', 'x.log', true],
  ['**/*.log', 'a/b/x.log', true],
  ['**', 'a/b', true],
  ['a/**/z', 'a/z', true],
  ['a/**/z', 'a/b/c/z', true],
  ['a/**/z', 'a/b/c/y', false],
  ['a*b*c', 'aXbYbZc', true],
  ['a*b*c', 'aXbYbZ', false],
  ['[a]', 'a', false],
  ['[a]', '[a]', true],
  ['a.b', 'aXb', false],
]

t.test('what matches', async (t) => {
  for (const [pattern, path, matches] of rows)
    t.equal(matchesPath(pattern, path), matches, `${pattern} and ${path}`)
})

t.test('the last that speaks of a path counts', async (t) => {
  const patterns = ['dist', '!dist/**/*.map', 'dist/keep.map']
  t.ok(selects(patterns, 'dist/a.js'))
  t.notOk(selects(patterns, 'dist/x/a.map'))
  t.ok(selects(patterns, 'dist/keep.map'))
  t.notOk(selects(patterns, 'src/a.js'))
})

t.test('what is looked at', async (t) => {
  t.equal(literalPrefix('a/b/*.c'), 'a/b')
  t.equal(literalPrefix('a/b.c'), 'a/b.c')
  t.equal(literalPrefix('**/x'), '')
})

t.test('stars upon stars end soon', async (t) => {
  const name = 'a'.repeat(255)
  // A matcher that tries every way would not end before the sun does.
  t.notOk(matchesPath(`${'*a'.repeat(400)}b`, name))
  t.notOk(matchesPath(`${'**/*a*/'.repeat(60)}b`, Array(60).fill(name).join('/')))
})
