/** Run with a limit on the size of a file: writes until it is reached, makes room, goes on. Prints what held, as JSON. */
import { systemClock } from '../../../component/clock.js'
import { DiskQueue } from '../disk-queue.js'
import type { Taken } from '../queue.js'
import { numberOf, numberedBatch } from './numbered.js'

const queue = await DiskQueue.open({
  directory: process.argv[2] as string, fsync: 'always', fsyncIntervalMs: 100, maxBytes: 1 << 30, maxAgeMs: 0, whenFull: 'refuse', maxCachedBytes: 0, lends: true, clock: systemClock,
  onDrop: () => undefined, onDamage: () => undefined
})
const queued: number[] = []
let result = await queue.put(numberedBatch(0, 20))
for (let number = 0; result.status === 'queued'; result = await queue.put(numberedBatch(number, 20))) queued.push(number++)
const found: number[] = []
while (queue.waiting > 0) {
  const taken = await queue.take() as Taken
  found.push(numberOf(taken.batch))
  taken.done()
}
await queue.close()
process.stdout.write(JSON.stringify({
  failed: result.status === 'failed',
  reason: result.status === 'failed' && /EFBIG|ENOSPC/.test(result.reason),
  inOrder: found.every((n, i) => i === 0 || n > (found[i - 1] as number)),
  allBack: JSON.stringify(found) === JSON.stringify(queued)
}))
