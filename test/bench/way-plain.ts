// fork, execve, wait: the least that any way can cost.
import { nothingToEnd, type Place, type Ways } from './way.js'

export const plainName = 'plain fork and exec'

export const plain = (place: Place): Ways => ({
  ways: [
    {
      name: plainName,
      batch: 10,
      watch: [...place.asWorker, place.spawn, 'exec'],
      words: () => ['/bin/true'],
      lanesMax: 32,
    },
  ],
  absent: [],
  end: nothingToEnd,
})
