// isolate: `--run` in a box that is there, and the whole of `--init`, `--run`, `--cleanup`. Run by root, as its set-uid bit would.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { givenProgram, probe } from './given-program.js'
import { absence, type Place, reasonOf, type Way, type Ways } from './way.js'

const boxes = 64
const firstId = 2_000_100_000
const whole =
  '"$0" --box-id="$1" --init > /dev/null && "$0" --box-id="$1" --silent --run -- /bin/true && "$0" --box-id="$1" --cleanup'

/** Its source has the place of its settings compiled in: below the scratch directory. */
function build(prefix: string): { command: readonly string[]; binary: string } {
  mkdirSync(join(prefix, 'etc'), { recursive: true })
  const settings = [
    `box_root = ${prefix}/boxes`,
    `lock_root = ${prefix}/locks`,
    `cg_root = ${prefix}/no-groups`,
    `first_uid = ${firstId}`,
    `first_gid = ${firstId}`,
    `num_boxes = ${boxes}`,
  ]
  writeFileSync(join(prefix, 'etc/isolate'), `${settings.join('\n')}\n`)
  mkdirSync(join(prefix, 'boxes'))
  return { command: ['make', `PREFIX=${prefix}`, 'isolate'], binary: 'isolate' }
}

export function isolate(place: Place): Ways {
  try {
    const prefix = join(place.directory, 'isolate')
    const binary = givenProgram(place, 'STOCKADE_BENCH_ISOLATE', () => build(prefix))
    const box = (lane: number): string => String(lane % boxes)
    probe(['sh', '-c', whole, binary, box(0)])
    const used = Array.from({ length: 33 }, (_, lane) => box(lane))
    const each = (verb: string): void => {
      for (const id of used) execFileSync(binary, [`--box-id=${id}`, verb], { stdio: 'ignore' })
    }
    each('--init')
    const watch = [place.spawn, 'exec']
    const run: Way = {
      ...{ name: 'isolate --run', batch: 5, watch, lanesMax: 32 },
      words: (lane) => [binary, `--box-id=${box(lane)}`, '--silent', '--run', '--', '/bin/true'],
    }
    const cycle: Way = {
      ...{ name: 'isolate --init, --run, --cleanup, by sh', batch: 5, watch, lanesMax: 1 },
      words: () => ['/bin/sh', '-c', whole, binary, box(40)],
    }
    return { ways: [run, cycle], absent: [], end: () => each('--cleanup') }
  } catch (error) {
    return absence('isolate', reasonOf(error))
  }
}
