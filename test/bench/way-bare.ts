// What the kernel alone takes for seven namespaces and an overlay root: bare.c, the ruler of a cold sandbox.
import { nothingToEnd, type Place, type Ways } from './way.js'

export const bareName = 'bare kernel work: seven namespaces, overlay root'

export const bare = (place: Place): Ways => ({
  ways: [
    {
      name: bareName,
      batch: 10,
      watch: [...place.asWorker, place.bare],
      words: () => [place.root],
      lanesMax: 32,
    },
  ],
  absent: [],
  end: nothingToEnd,
})
