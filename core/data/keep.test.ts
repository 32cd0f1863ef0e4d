import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { randomMessage } from '../otlp/testing/messages.js'
import { Random } from '../otlp/testing/random.js'
import { readExportRequest } from '../otlp/reader.js'
import { signalFacts } from '../otlp/signals.js'
import type { EventBatch } from './batch.js'
import { encodeBatch } from './codec.js'
import { concat } from './concat.js'
import { decodeBatch } from './decode.js'
import { EventIds } from './ids.js'
import { keep } from './keep.js'

const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

function request (seed: number): Buffer { return Buffer.from(randomMessage(new Random(seed), signalFacts.traces.request)) }

function read (bytes: Uint8Array): EventBatch {
  const result = readExportRequest('traces', bytes, { ids: new EventIds(new Uint8Array(8)), observedTimeUnixNano: 7n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

const rows = (batch: EventBatch): unknown[] => [...batch].map(r => JSON.stringify([r.get('id'), r.get('name'), r.get('traceId'), r.resource.attributes, r.scope.name], (_, v: unknown) => typeof v === 'bigint' ? String(v) : v))

/** A request with rows: an empty one is no batch that anybody lends. */
const seeds = Array.from({ length: 200 }, (_, i) => i + 1).filter(seed => read(request(seed)).count > 0)

test('a batch of its own is kept as it is', () => {
  const batch = read(request(seeds[0] as number))
  assert.is(keep(batch, copy), batch)
})

test('a kept batch does not change with the memory it was lent in', () => {
  for (const seed of seeds) {
    const bytes = request(seed)
    const wanted = rows(read(request(seed)))
    const kept = keep(read(bytes).lent('buffers'), copy)
    const framed = Buffer.concat(kept.raw.buffers)
    bytes.fill(0xff)
    assert.is(kept.raw.lent, undefined)
    assert.ok(kept.raw.complete)
    assert.ok(framed.equals(request(seed)), `seed ${seed}`)
    assert.equal(rows(kept), wanted, `seed ${seed}`)
  }
})

test('nor does one whose columns are lent: read, filtered, changed', () => {
  const changes: ((batch: EventBatch) => EventBatch)[] = [
    batch => batch,
    batch => batch.filter(new Uint8Array(batch.count).map((_, i) => i % 2)),
    batch => batch.withConstant('tapio.test', 'x'),
    batch => { void batch.columns; return batch }
  ]
  for (const seed of seeds.slice(0, 60)) {
    for (const change of changes) {
      const document = Buffer.from(encodeBatch(change(read(request(seed)))))
      const decode = (bytes: Buffer, lent: boolean): EventBatch => {
        const result = decodeBatch(bytes, true, lent)
        if (!result.ok) throw new Error(result.error)
        return result.batch
      }
      const wanted = rows(decode(Buffer.from(document), false))
      const lent = decode(document, true)
      assert.is(lent.raw.lent, 'all')
      const kept = keep(lent, copy)
      document.fill(0xff)
      assert.is(kept.raw.lent, undefined)
      assert.equal(rows(kept), wanted, `seed ${seed}`)
    }
  }
})

test('what is made of a lent batch is lent', () => {
  const [a, b] = seeds.slice(0, 2).map(seed => read(request(seed))) as [EventBatch, EventBatch]
  const lent = a.lent('buffers')
  for (const made of [lent.filter(new Uint8Array(a.count).fill(0)), lent.slice(0, 1), lent.withConstant('k', 1), lent.withResources(lent.resources), concat([b, lent]), lent.withOrigin({ address: '127.0.0.1' })]) {
    assert.is(made.raw.lent, 'buffers')
  }
  assert.is(concat([a, b]).raw.lent, undefined)
})

test.run()
