// nsjail, once for each program, with its own default namespaces and the image's root read-only.
import { givenProgram, probe } from './given-program.js'
import { absence, nothingToEnd, type Place, reasonOf, type Ways } from './way.js'

export function nsjail(place: Place): Ways {
  try {
    const binary = givenProgram(place, 'STOCKADE_BENCH_NSJAIL', () => ({
      command: ['make'],
      binary: 'nsjail',
    }))
    const argv = [
      ...[binary, '--mode', 'o', '--really_quiet', '--chroot', place.root],
      ...['--user', '1000:2000000000:1', '--group', '1000:2000000000:1', '--', '/bin/true'],
    ]
    probe(argv)
    const way = { name: 'nsjail', batch: 5, watch: [place.spawn, 'exec'] }
    return {
      ways: [{ ...way, words: () => argv, lanesMax: 32 }],
      absent: [],
      end: nothingToEnd,
    }
  } catch (error) {
    return absence('nsjail', reasonOf(error))
  }
}
