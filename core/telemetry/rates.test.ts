import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MetricStore } from './metric-store.js'
import { RateTracker } from './rates.js'
import { ThreadMeters } from './registry.js'
import { createSlab } from './slab.js'

const rows = { name: 'rows', kind: 'counter', unit: 'events', description: 'd' } as const
const wait = { name: 'wait', kind: 'histogram', unit: 'seconds', description: 'd', bounds: [1] } as const
const depth = { name: 'depth', kind: 'gauge', unit: '', description: 'd' } as const

function open () {
  const store = new MetricStore()
  const slab = createSlab()
  store.addThread('t', slab)
  const meter = new ThreadMeters(slab, s => store.addSeries('t', s)).meterFor({})
  return { store, meter }
}

test('rates are deltas per second between snapshots, for counters and histogram counts', () => {
  const { store, meter } = open()
  const tracker = new RateTracker()
  meter.counter(rows).add(100)
  meter.gauge(depth).set(7)
  assert.equal(tracker.update(store.snapshot(1000)), [])
  meter.counter(rows).add(500)
  meter.histogram(wait).record(1)
  const rates = tracker.update(store.snapshot(3000)).filter(r => r.delta > 0)
  assert.equal(rates, [
    { name: 'tapio_rows_events_total', attributes: {}, delta: 500, perSecond: 250 },
    { name: 'tapio_wait_seconds_count', attributes: {}, delta: 1, perSecond: 0.5 }
  ])
})

test('two snapshots at one moment give no rate, and nothing counted between them is lost', () => {
  const { store, meter } = open()
  const tracker = new RateTracker()
  tracker.update(store.snapshot(1000))
  meter.counter(rows).add(10)
  assert.equal(tracker.update(store.snapshot(1000)), [])
  assert.is(tracker.update(store.snapshot(2000)).find(r => r.name === 'tapio_rows_events_total')!.delta, 10)
})

test('a count that began anew counts in full, never negative', () => {
  const { store, meter } = open()
  const other = open()
  const tracker = new RateTracker()
  meter.counter(rows).add(100)
  other.meter.counter(rows).add(30)
  tracker.update(store.snapshot(0))
  assert.is(tracker.update(other.store.snapshot(1000)).find(r => r.name === 'tapio_rows_events_total')!.perSecond, 30)
})

test.run()
