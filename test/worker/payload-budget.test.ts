// The budget for large payloads: never more than there is, first come first served, and nobody left behind.
import t from 'tap'
import { openPayloadBudget, type Share } from '../../worker/payload-budget.js'

t.test('a share is waited for, in order, and given back', async (t) => {
  const budget = openPayloadBudget(100)
  const order: string[] = []
  const take = async (name: string, bytes: number): Promise<Share> => {
    const share = await budget.take(bytes)
    order.push(name)
    return share
  }
  const first = await take('first', 60)
  const second = take('second', 60)
  const third = take('third', 10)
  await take('small', 0)
  t.same(order, ['first', 'small'], 'what needs none waits for nobody; the third is not let past')
  t.equal(budget.takenBytes, 60)
  t.equal(budget.waitingBytes, 70)
  first.shrink(40)
  const one = await second
  t.equal(budget.takenBytes, 100)
  first.shrink(90)
  t.equal(budget.takenBytes, 100, 'a share never grows')
  first.shrink(0)
  const other = await third
  t.same(order, ['first', 'small', 'second', 'third'])
  t.equal(budget.takenBytes, 70)
  for (const share of [first, one, other]) share.shrink(0)
  t.equal(budget.takenBytes, 0)
  t.equal(budget.waitingBytes, 0)
})

t.test('what is larger than all there is takes all, alone', async (t) => {
  const budget = openPayloadBudget(100)
  const huge = await budget.take(1000)
  t.equal(budget.takenBytes, 100)
  let isLater = false
  const next = budget.take(1).then((share) => {
    isLater = true
    return share
  })
  await new Promise(setImmediate)
  t.notOk(isLater)
  huge.shrink(0)
  await next
  t.equal(budget.takenBytes, 1)
})
