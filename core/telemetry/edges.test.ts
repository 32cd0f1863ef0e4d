import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, refused, rejected, retry } from '../component/outcome.js'
import { createDrops } from './drops.js'
import { EdgeMetrics } from './edges.js'
import { MetricStore } from './metric-store.js'
import { ThreadMeters } from './registry.js'
import { createSlab } from './slab.js'
import { valueOf, type HistogramFamily } from './snapshot.js'

function open () {
  const store = new MetricStore()
  const slab = createSlab()
  store.addThread('t', slab)
  const meter = new ThreadMeters(slab, s => store.addSeries('t', s)).meterFor({})
  const value = (name: string, attributes = {}): bigint | number => valueOf(store.snapshot(), `tapio_${name}`, attributes)
  return { store, meter, value }
}

const ends = { from: 'otlp', to: 'batch', pipeline: 'traces' }

test('every row sent is accounted for by outcome, drop or flight', () => {
  const { store, meter, value } = open()
  const edge = new EdgeMetrics(meter, ends)
  const outcomes = [accepted, rejected('bad', 3), rejected('all bad', 10), retry('later'), refused('closing')]
  for (const outcome of outcomes) {
    edge.begin(10, 100)
    edge.end(outcome, 10, 0.001)
  }
  edge.begin(10)
  edge.failed(10, 0.001)
  edge.begin(7)
  const names = ['accepted', 'rejected', 'refused', 'retried', 'dropped'].map(n => Number(value(`edge_${n}_events_total`, ends)))
  assert.equal(names, [17, 13, 10, 10, 10])
  assert.is(value('edge_sent_events_total'), BigInt(names.reduce((a, b) => a + b) + 7))
  assert.is(value('edge_sent_batches_total'), 7n)
  assert.is(value('edge_sent_bytes_total'), 500n)
  assert.is(value('edge_in_flight_batches'), 1)
  assert.is(value('edge_dropped_events_total', { reason: 'component_error' }), 10n)
  const duration = store.snapshot().families.find(f => f.name === 'tapio_edge_consume_duration_seconds') as HistogramFamily
  assert.is(duration.series[0]!.count, 6n)
})

test('a remote that claims to have rejected more than it got, less than nothing or no number cannot spoil the counts', () => {
  const { meter, value } = open()
  const edge = new EdgeMetrics(meter, ends)
  for (const count of [1e12, -5, NaN, 2.7]) {
    edge.begin(10)
    edge.end(rejected('r', count), 10, 0)
  }
  assert.is(value('edge_rejected_events_total'), 12n)
  assert.is(value('edge_accepted_events_total'), 28n)
  assert.is(value('telemetry_invalid_values_total'), 0n)
})

test('drops are counted by reason, and reasons are bounded', () => {
  const { meter, value } = open()
  const drops = createDrops(meter)
  for (let i = 0; i < 100; i++) drops.add(`reason ${i}`, 2)
  drops.add('reason 0', 1)
  assert.is(value('component_dropped_events_total', { reason: 'reason 0' }), 3n)
  assert.is(value('component_dropped_events_total', { reason: 'other' }), 72n)
  assert.is(value('component_dropped_events_total'), 201n)
})

test.run()
