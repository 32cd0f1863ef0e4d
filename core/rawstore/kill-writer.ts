/** For a test: appends as fast as it can, tells what a flush has brought to the file, and is killed in between. */
import { systemClock } from '../component/clock.js'
import { exit, exitRecord } from './records-for-test.js'
import { rawId } from './segments.js'
import { RawStore } from './store.js'

const store = await RawStore.open({ directory: process.argv[2] as string, types: [exit], clock: systemClock, compress: process.argv[3] === 'true' })
for (let serial = 0; ; serial++) {
  let id = ''
  for (let i = 0; i < 500; i++) id = rawId('', store.append(exit.id, BigInt(Date.now()) * 1_000_000n, 5n, serial, exitRecord(serial, i)))
  const { segment } = store
  await store.flush()
  process.stdout.write(`${segment}${id} ${serial}\n`)
}
