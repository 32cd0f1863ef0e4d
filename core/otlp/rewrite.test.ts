/** Resources replaced in unread requests say the same as resources replaced after reading, and touch nothing else. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { concat } from '../data/concat.js'
import { decodeBatch } from '../data/decode.js'
import { EventIds } from '../data/ids.js'
import { Resource } from '../data/resource.js'
import { plainRows } from '../data/testing/plain-rows.js'
import { readExportRequest } from './reader.js'
import { resourceEnvelope } from './patch.js'
import { mapResources } from './rewrite.js'
import { randomMessage, usual } from './testing/messages.js'
import { oracleDecode, requestType } from './testing/oracle.js'
import { Random } from './testing/random.js'
import { recordsOf } from './testing/records-of.js'
import { frameExportRequests } from './writer.js'

const signals = ['traces', 'metrics', 'logs'] as const
const random = (signal: (typeof signals)[number], seed: number): Buffer => Buffer.from(randomMessage(new Random(seed), requestType(signal), { ...usual, density: 0.7, depth: 9 }))

function open (signal: (typeof signals)[number], bytes: Uint8Array): EventBatch {
  const result = readExportRequest(signal, bytes, { ids: new EventIds(new Uint8Array(8), 1), observedTimeUnixNano: 7n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

const sent = (batch: EventBatch): Buffer => Buffer.concat(frameExportRequests(batch).flatMap(r => r.chunks))
/** Changes about half of the resources. */
const mark = (r: Resource): Resource => r.key.length % 2 === 0 ? new Resource(resourceEnvelope(r.with({ 'k8s.pod.name': 'cart', n: 7 }))) : r

for (const signal of signals) {
  test(`${signal}: the same rows as when they were read first`, () => {
    let changed = 0
    for (let seed = 1; seed <= 60; seed++) {
      const [a, b] = [random(signal, seed), random(signal, seed + 5000)]
      const unread = concat([open(signal, a), open(signal, b)])
      if (unread.count === 0) continue
      const read = concat([open(signal, a), open(signal, b)])
      assert.ok(read.columns.signal.length > 0)
      const [quick, careful] = [mapResources(unread, mark), mapResources(read, mark)]
      if (quick !== unread) {
        changed++
        assert.is.not(quick.unread, undefined)
        assert.is(quick.raw.complete, unread.raw.complete)
        assert.ok(oracleDecode(signal, sent(quick)) !== undefined, `seed ${seed}: another decoder does not read it`)
      }
      assert.equal(recordsOf(sent(quick)), recordsOf(sent(careful)), `seed ${seed}`)
      const crossed = decodeBatch(encodeBatch(quick, true), seed % 2 === 0)
      assert.equal(crossed.ok ? plainRows(crossed.batch) : crossed.error, plainRows(careful), `seed ${seed}: in another thread`)
      assert.equal(plainRows(quick), plainRows(careful), `seed ${seed}`)
    }
    assert.ok(changed > 20, `${changed} batches were changed`)
  })
}

test('nothing changed is the same batch; a finished envelope goes out as it is, with what nobody knows', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const batch = open('traces', random('traces', seed))
    assert.is(mapResources(batch, r => r), batch)
    if (batch.count === 0) continue
    const unknown = Buffer.from([0xc2, 0x3e, 1, 65])
    const finished = mapResources(batch, r => new Resource(Buffer.concat([r.envelope ?? new Uint8Array(), unknown])))
    const [before, after] = [recordsOf(sent(batch)), recordsOf(sent(finished))]
    assert.equal(after, before.map(r => ({ ...r, resource: r.resource + unknown.toString('hex') })), `seed ${seed}`)
  }
})

test.run()
