import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventBatch, emptyBatch } from './batch.js'
import { BatchBuilder } from './builder.js'
import { columnNames } from './columns.js'
import { concat } from './concat.js'
import { encodeBatch } from './codec.js'
import { opened, plainRow, plainRows } from './testing/plain-rows.js'
import { randomBatch } from './testing/random-batch.js'
import { seeded, type Random } from './testing/random.js'

const rounds = process.env.TAPIO_TEST_LONG === '1' ? 3000 : 100

/** Everything a batch holds, copied: compared before and after to show that nothing was written to. */
function snapshot (batch: EventBatch): unknown {
  const cells = columnNames.map(name => batch.columns[name] === undefined ? undefined : Array.from(batch.columns[name] as ArrayLike<unknown>))
  const attributes = [...batch.attributes].map(([key, c]) => [key, Array.from(c.index), c.edited, c.values.length])
  return { count: batch.count, cells, attributes, strings: [...batch.strings], raw: batch.raw.buffers.map(b => Buffer.from(b).toString('hex')), complete: batch.raw.complete, rows: plainRows(batch) }
}

/** One random operation on a batch and the same on its plain rows. */
function step (random: Random, batch: EventBatch, rows: ReturnType<typeof plainRows>): [EventBatch, ReturnType<typeof plainRows>] {
  switch (random.below(5)) {
    case 0: {
      const keep = Uint8Array.from(rows, () => random.below(2))
      return [batch.filter(keep), rows.filter((_, i) => keep[i] !== 0)]
    }
    case 1: {
      const picked = rows.length === 0 ? [] : Array.from({ length: random.below(8) }, () => random.below(rows.length))
      return [batch.select(Uint32Array.from(picked)), picked.map(i => rows[i] as never)]
    }
    case 2: {
      const [from, to] = [random.below(rows.length + 1), random.below(rows.length + 3)]
      return [batch.slice(from, to), rows.slice(from, Math.max(from, to))]
    }
    case 3: return [opened(encodeBatch(batch, random.chance(0.5))), rows]
    default: {
      // Edited keys are of the whole batch, so only batches of the same origin are joined here.
      return [concat([batch, batch.slice(0, 2)]), [...rows, ...rows.slice(0, 2)]]
    }
  }
}

const comparable = (rows: ReturnType<typeof plainRows>): unknown => rows.map(({ edited: _, ...rest }) => rest)

test('filter, select, slice, concat and the codec in any order agree with the same on plain objects', () => {
  for (let seed = 0; seed < rounds; seed++) {
    const random = seeded(seed)
    let batch = randomBatch(random, random.below(12), { raw: seed % 2 === 0 })
    let rows = plainRows(batch)
    for (let i = 0; i < 5; i++) [batch, rows] = step(random, batch, rows)
    assert.equal(comparable(plainRows(batch)), comparable(rows), `seed ${seed}`)
  }
})

test('no operation writes into the batch it is asked of', () => {
  for (let seed = 0; seed < 25; seed++) {
    const random = seeded(seed)
    const batch = randomBatch(random, 9, { raw: true })
    const before = snapshot(batch)
    const rows = plainRows(batch)
    for (let i = 0; i < 8; i++) step(random, batch, rows)
    batch.withConstant('k', 'v').withColumn('severity', new Uint8Array(9)).withResources(batch.resources.map(r => r.with({ x: 1 })))
    assert.equal(snapshot(batch), before, `seed ${seed}`)
  }
})

test('filter, select, slice and edits keep the raw buffers themselves, and slice keeps the columns\' memory', () => {
  const batch = randomBatch(seeded(4), 30, { raw: true })
  const buffer = batch.raw.buffers[0]
  assert.ok(buffer !== undefined)
  const derived = [batch.filter(new Uint8Array(30).fill(1, 3, 9)), batch.select(Uint32Array.of(5, 5, 1)), batch.slice(2, 20), batch.withConstant('a', 1), batch.slice(2, 20).slice(1, 3)]
  for (const d of derived) assert.is(d.raw.buffers[0], buffer)
  assert.is(batch.slice(2, 20).columns.timeUnixNano.buffer, batch.columns.timeUnixNano.buffer)
  assert.is(concat([batch, derived[2] as EventBatch]).raw.buffers[0], buffer)
})

test('a filter that keeps all and a slice of all rows are the batch itself', () => {
  const batch = randomBatch(seeded(1), 5)
  assert.is(batch.filter(new Uint8Array(5).fill(1)), batch)
  assert.is(batch.slice(0, 5), batch)
  assert.is(batch.slice(-3, 99), batch)
})

test('rows, answers and cells that do not fit the batch are RangeErrors', () => {
  const batch = randomBatch(seeded(1), 5)
  const column = { index: new Uint32Array(4), values: [], edited: true }
  for (const wrong of [
    () => batch.at(5), () => batch.at(-1), () => batch.at(0.5), () => batch.at(NaN),
    () => batch.filter(new Uint8Array(4)), () => batch.select(Uint32Array.of(5)),
    () => batch.withColumn('pid', new Uint32Array(4)), () => batch.withColumn('id', new Uint8Array(79)),
    () => batch.withAttribute('k', column), () => batch.withResources([])
  ]) assert.throws(wrong, (error: unknown) => error instanceof RangeError, String(wrong))
})

test('an empty batch can be filtered, sliced, joined, encoded and iterated', () => {
  assert.is(emptyBatch.filter(new Uint8Array()), emptyBatch)
  assert.is(emptyBatch.slice(0, 10).count, 0)
  assert.is(concat([]), emptyBatch)
  assert.is(concat([emptyBatch, emptyBatch]).count, 0)
  assert.equal([...opened(encodeBatch(emptyBatch))], [])
  assert.is(new BatchBuilder().finish().count, 0)
})

test('an attribute is read from the raw record, an edited column replaces it, and both survive a slice', () => {
  const batch = randomBatch(seeded(11), 40, { raw: true })
  const column = batch.attribute('http.route')
  assert.ok(column !== undefined)
  for (const row of batch) assert.equal(row.attribute('http.route'), row.allAttributes()['http.route'])
  const edited = batch.withConstant('http.route', '/x').slice(3, 9)
  for (const row of edited) assert.is(row.allAttributes()['http.route'], '/x')
  assert.not(edited.raw.complete)
})

test('an edited column without a value for a row hides what the raw record says', () => {
  const batch = randomBatch(seeded(11), 40, { raw: true })
  const none = batch.withAttribute('http.route', { index: new Uint32Array(40), values: [], edited: true })
  assert.is(none.attribute('http.route'), undefined)
  for (const row of none) assert.not(Object.hasOwn(row.allAttributes(), 'http.route'))
})

test('only verbatim batches are complete: deriving, editing and replacing resources end that', () => {
  const source = randomBatch(seeded(2), 6, { raw: true })
  const batch = new EventBatch({ ...source, count: 6, columns: source.columns, strings: source.strings, resources: source.resources, scopes: source.scopes, attributes: source.attributes, raw: { buffers: source.raw.buffers, complete: true } })
  assert.ok(batch.withColumn('confidence', new Float32Array(6)).raw.complete)
  for (const derived of [batch.slice(0, 3), batch.filter(Uint8Array.of(1, 0, 1, 1, 1, 1)), batch.withConstant('a', 1), batch.withResources(batch.resources.map(r => r.with({ a: 1 })))]) assert.not(derived.raw.complete)
  assert.ok(opened(encodeBatch(batch)).raw.complete)
})

test('byteLength counts columns, attributes, strings and raw bytes', () => {
  const batch = randomBatch(seeded(2), 6, { raw: true })
  assert.ok(batch.byteLength >= (batch.raw.buffers[0]?.length ?? 0) + batch.count * (1 + 1 + 1 + 8 + 4 + 4))
  assert.ok(batch.slice(0, 3).byteLength < batch.byteLength)
})

test('a row object prints as its event: severity name, kinds and ids in words', () => {
  const builder = new BatchBuilder()
  builder.append({ signal: 'metrics', type: 'metric', severity: 18, metricKind: 2, spanKind: 3, traceId: '0af7651916cd43dd8448eb211c80319c' })
  const row = builder.finish().at(0)
  assert.equal([row.signal, row.type, row.severityName, row.metricKindName, row.spanKindName, row.get('traceId')], ['metrics', 'metric', 'error', 'sum', 'client', '0af7651916cd43dd8448eb211c80319c'])
  assert.is(plainRow(row).raw, undefined)
})

test.run()
