// What a step passes on: the text of its file, and what becomes of it in the environment of the next.
import t from 'tap'
import { environmentWith, passedIn } from '../../worker/passed-on.js'
import { plainStep } from '../launch-plan.js'

function passed(text: string | Buffer): { variables: Record<string, string>; leftOut: number } {
  const { variables, leftOut } = passedIn(Buffer.from(text as string))
  return { variables: Object.fromEntries(variables), leftOut }
}

t.test('lines, the last of a name counts, and several lines up to a mark', async (t) => {
  t.same(passed('A=1\nB=x=y z\n\nA=2\nC<<END\none\ntwo=2\nEND\nD=\n'), {
    variables: { A: '2', B: 'x=y z', C: 'one\ntwo=2', D: '' },
    leftOut: 0,
  })
})

t.test('what says no variable is left out and counted', async (t) => {
  t.same(passed('no\n1A=x\nA B=x\n=x\nA=nul\0\nC<<END\nnever ends\nE=1'), {
    variables: { E: '1' },
    leftOut: 7,
  })
  t.same(passed(Buffer.from([0x41, 0x3d, 0xff])), { variables: {}, leftOut: 1 })
  const many = Array.from({ length: 300 }, (_, at) => `V${at}=x`).join('\n')
  t.equal(Object.keys(passed(many).variables).length, 256)
  t.equal(passed(many).leftOut, 44)
})

t.test('a step’s own variables stay, then comes what was passed on, then the job’s', async (t) => {
  const step = plainStep(['x'], {
    environment: ['JOB=job', 'OWN=own', 'S=job'],
    ownVariables: ['OWN'],
  })
  const passedOn = new Map([
    ['JOB', 'passed'],
    ['OWN', 'passed'],
    ['NEW', 'passed'],
    ['S', 'passed'],
  ])
  t.same(environmentWith(step, passedOn, new Map([['S', 'secret']])), [
    'JOB=passed',
    'OWN=own',
    'S=secret',
    'NEW=passed',
  ])
})

t.test('what has no room is not passed on: the program starts all the same', async (t) => {
  const step = plainStep(['x'], { stackBytes: 524_288 })
  const passedOn = new Map(['A', 'B', 'C'].map((name) => [name, 'x'.repeat(60_000)]))
  const names = environmentWith(step, passedOn, new Map()).map((one) => one.slice(0, 1))
  t.same(names, ['P', 'A', 'B'])
})
