/** For a test: appends and puts as fast as it can, tells what was acknowledged, and is killed in between. */
import { BatchBuilder } from '../../data/builder.js'
import { seeded } from '../../data/testing/random.js'
import { openStore, type SyncPolicy } from '../open.js'
import { randomIncident } from './random-incident.js'
import { storedEvent } from './random-events.js'

const [directory = '', round = '', sync = ''] = process.argv.slice(2)
const random = seeded(Number(round) + 1)
// Small, so that partitions begin while it runs; none has to go.
const store = await openStore(directory, { sync: sync as SyncPolicy, maxBytes: 1 << 26, maxAgeMs: 0 })
const roundHex = Number(round).toString(16).padStart(16, '0')

async function lane (lane: number): Promise<void> {
  for (let serial = lane; ; serial += 4) {
    const builder = new BatchBuilder(100)
    for (let row = 0; row < 100; row++) builder.append(storedEvent(random, `${roundHex}${(serial * 100 + row + 1).toString(16).padStart(16, '0')}`))
    const [result] = await Promise.all([store.append(builder.finish()), store.putIncident({ ...randomIncident(random), id: `${round}-${lane}`, version: serial })])
    if (result.status === 'stored') process.stdout.write(`${serial} ${lane}\n`)
    else process.stderr.write(JSON.stringify(result))
  }
}

await Promise.all([0, 1, 2, 3].map(lane))
