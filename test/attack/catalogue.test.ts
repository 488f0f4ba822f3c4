// The catalogue of attacks is whole: each of the 108 rows has a folder, or a reason why not.
import t from 'tap'
import { catalogue, lackOf, leftOut, rowOf, rowsMax } from './catalogue.js'
import { attackNames, expectationOf } from './control.js'

t.test('the catalogue lists each row once, in order, with a title', (t) => {
  const numbers = Array.from({ length: rowsMax }, (_, index) => index + 1)
  t.same(
    catalogue().map(({ row }) => row),
    numbers,
  )
  t.same(
    catalogue().filter(({ title }) => title.trim() === ''),
    [],
  )
  t.end()
})

t.test('each folder is a row’s, and no row has two', (t) => {
  const rows = attackNames().map(rowOf)
  t.same([...new Set(rows)], rows)
  t.same(
    rows.filter((row) => row < 1 || row > rowsMax),
    [],
  )
  const wrong = attackNames().filter((name) => {
    const expectation = expectationOf(name)
    return expectation !== null && expectation.row !== rowOf(name)
  })
  t.same(wrong, [], 'an expectation names the row of its folder')
  t.end()
})

t.test('a row is shown by a folder, or says why not', (t) => {
  const silent = leftOut().filter((row) => (row.leftOut ?? '').trim() === '')
  t.same(
    silent.map(({ row }) => row),
    [],
  )
  for (const row of leftOut()) t.comment(`left out: row ${row.row}, ${row.title}: ${lackOf(row)}`)
  t.end()
})
