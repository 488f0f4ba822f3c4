// A body that would not fit the heap is refused when the process starts.
import t from 'tap'
import { readSettings } from '../../contract/config.js'
import { refuseSmallHeap } from '../../queue/heap.js'

const heapOfServices = 512 * 1_048_576
const settings = readSettings({}, {})

t.test('the default fits what the services are started with', (t) => {
  t.doesNotThrow(() => refuseSmallHeap(settings, heapOfServices))
  t.end()
})

t.test('a larger body does not, and the refusal says what would do', (t) => {
  const larger = { bodyBytesMax: 2 * settings.bodyBytesMax }
  t.throws(() => refuseSmallHeap(larger, heapOfServices), { message: /--max-old-space-size=1024$/ })
  t.doesNotThrow(() => refuseSmallHeap(larger, 2 * heapOfServices))
  t.end()
})
