/** Puts batches until it is killed: prints the number of each that is queued. `DIRECTORY FSYNC FIRST_NUMBER` */
import { systemClock } from '../../../component/clock.js'
import { numberedBatch } from './numbered.js'
import { DiskQueue } from '../disk-queue.js'

const [directory = '', fsync = 'never', first = '0'] = process.argv.slice(2)
const queue = await DiskQueue.open({
  directory, fsync: fsync as 'never', fsyncIntervalMs: 100, maxBytes: 1 << 30, maxAgeMs: 0, whenFull: 'refuse', maxCachedBytes: 0, lends: true, clock: systemClock,
  onDrop: () => undefined, onDamage: () => undefined
})
let next = Number(first)
const lane = async (): Promise<void> => {
  for (;;) {
    const number = next++
    const result = await queue.put(numberedBatch(number))
    if (result.status === 'queued') process.stdout.write(`${number}\n`)
  }
}
await Promise.all([lane(), lane(), lane(), lane()])
