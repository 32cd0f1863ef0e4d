import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Logger } from './logger.js'
import type { MetricDeclaration } from './meter.js'
import { MetricStore } from './metric-store.js'
import { ThreadMeters, type ThreadMetersOptions } from './registry.js'
import type { SeriesDescription } from './series.js'
import { createSlab, SlabView } from './slab.js'
import { valueOf, type HistogramFamily, type MetricSnapshot } from './snapshot.js'

const requests: MetricDeclaration = { name: 'requests', kind: 'counter', unit: '', description: 'd' }
const depth: MetricDeclaration = { name: 'depth', kind: 'gauge', unit: 'events', description: 'd' }
const wait: MetricDeclaration = { name: 'wait', kind: 'histogram', unit: 'seconds', description: 'd', bounds: [0.1, 1, 10] }
const cpu: MetricDeclaration = { name: 'cpu', kind: 'counter', unit: 'seconds', description: 'd' }

function open (options: ThreadMetersOptions & { cells?: number } = {}) {
  const store = new MetricStore()
  const slab = createSlab(options.cells)
  const series: SeriesDescription[] = []
  store.addThread('main', slab)
  const meters = new ThreadMeters(slab, s => { series.push(s); store.addSeries('main', s) }, options)
  return { store, slab, series, meters, meter: meters.meterFor({ component_id: 'c' }) }
}

function recorder () {
  const lines: string[] = []
  const logger: Logger = { debug () {}, info () {}, warn: (m, f) => { lines.push(`${m} ${JSON.stringify(f)}`) }, error () {}, child: () => logger }
  return { logger, lines }
}

const histogramOf = (snapshot: MetricSnapshot, name: string): HistogramFamily => snapshot.families.find(f => f.name === name) as HistogramFamily

test('counters are exact beyond 2^53', () => {
  const { store, meter } = open()
  const counter = meter.counter(requests)
  for (let i = 0; i < 1024; i++) counter.add(Number.MAX_SAFE_INTEGER)
  counter.add(1)
  assert.is(valueOf(store.snapshot(), 'tapio_requests_total'), BigInt(Number.MAX_SAFE_INTEGER) * 1024n + 1n)
})

test('the same declaration and attributes in any order give the same cell', () => {
  const { store, series, meters, meter } = open()
  const before = series.length
  meter.counter(requests, { a: '1', b: '2' }).add(1)
  meters.meterFor({ component_id: 'c', b: '2' }).counter({ ...requests }, { a: '1' }).add(2)
  assert.is(series.length, before + 1)
  assert.is(valueOf(store.snapshot(), 'tapio_requests_total', { a: '1', b: '2', component_id: 'c' }), 3n)
})

test('a component cannot write under another component\'s name', () => {
  const { store, meter } = open()
  meter.counter(requests, { component_id: 'other' }).add(1)
  assert.is(valueOf(store.snapshot(), 'tapio_requests_total', { component_id: 'c' }), 1n)
})

test('gauges, counters of seconds and histograms keep fractions', () => {
  const { store, meter } = open()
  meter.gauge(depth).set(-1.5)
  const seconds = meter.counter(cpu)
  for (let i = 0; i < 4; i++) seconds.add(0.25)
  const histogram = meter.histogram(wait)
  for (const value of [0.1, 0.05, 0.100001, 1, 10, 10.5, -3]) histogram.record(value)
  const snapshot = store.snapshot()
  assert.is(valueOf(snapshot, 'tapio_depth_events'), -1.5)
  assert.is(valueOf(snapshot, 'tapio_cpu_seconds_total'), 1)
  const [series] = histogramOf(snapshot, 'tapio_wait_seconds').series
  assert.equal(series!.buckets, [3n, 2n, 1n, 1n], 'a value on a bound belongs to its bucket')
  assert.is(series!.count, 7n)
  assert.ok(Math.abs(series!.sum - 18.750001) < 1e-9)
})

test('values that cannot be counted are left out, counted as such and never throw', () => {
  const { store, meter } = open()
  const counter = meter.counter(requests)
  counter.add(2)
  for (const bad of [-1, NaN, Infinity, 0.5, 2 ** 60, '7' as unknown as number, 1n as unknown as number, undefined as unknown as number]) counter.add(bad)
  meter.counter(cpu).add(-0.5)
  meter.histogram(wait).record(NaN)
  meter.gauge(depth).set(Symbol('x') as unknown as number)
  const snapshot = store.snapshot()
  assert.is(valueOf(snapshot, 'tapio_requests_total'), 2n)
  assert.is(valueOf(snapshot, 'tapio_telemetry_invalid_values_total'), 10n)
  assert.is(histogramOf(snapshot, 'tapio_wait_seconds').series[0]!.count, 0n)
})

test('declarations that cannot be used are refused with the reason', () => {
  const { meter } = open()
  meter.counter(requests)
  const bad: [() => void, RegExp][] = [
    [() => meter.gauge({ ...requests, kind: 'gauge', unit: '', name: 'requests_total' }), /another shape/],
    [() => meter.counter(depth), /declared as a gauge, not as a counter/],
    [() => meter.histogram({ ...wait, bounds: [] }), /no bounds/],
    [() => meter.histogram({ ...wait, bounds: [1, 1] }), /ascending/],
    [() => meter.histogram({ ...wait, bounds: [1, Infinity] }), /finite/],
    [() => meter.histogram({ ...wait, bounds: Array.from({ length: 65 }, (_, i) => i) }), /at most 64/],
    [() => meter.counter({ ...requests, name: 'Bad-Name' }), /lower_snake_case/],
    [() => meter.counter({ ...requests, name: 'other', bounds: [1] }), /has bounds but is a counter/],
    [() => meter.counter(requests, { le: '1' }), /taken by histogram buckets/],
    [() => meter.counter(requests, { 'a"b': '1' }), /attribute key/],
    [() => meter.counter(requests, { __name__: '1' }), /attribute key/]
  ]
  for (const [call, message] of bad) assert.throws(call, message)
})

test('series beyond the limit share one overflow series, counted, and the log says so once', () => {
  const { logger, lines } = recorder()
  const { store, meter } = open({ maxSeriesPerMetric: 3, logger })
  for (let i = 0; i < 10; i++) meter.counter(requests, { user: String(i) }).add(1)
  meter.counter(requests, { user: '0' }).add(5)
  const snapshot = store.snapshot()
  assert.is(valueOf(snapshot, 'tapio_requests_total', { overflow: 'true' }), 7n)
  assert.is(valueOf(snapshot, 'tapio_requests_total', { user: '0' }), 6n)
  assert.is(valueOf(snapshot, 'tapio_requests_total'), 15n)
  assert.is(valueOf(snapshot, 'tapio_telemetry_overflow_total'), 7n)
  assert.is(lines.length, 1)
  assert.match(lines[0]!, /"metric":"requests".*more than 3 series/)
})

test('a full slab overflows the same way and never throws, down to its last cell', () => {
  const { logger, lines } = recorder()
  const { store, slab, meter } = open({ cells: 64, logger })
  for (let i = 0; i < 200; i++) meter.counter(requests, { i: String(i) }).add(1)
  for (let i = 0; i < 40; i++) meter.histogram({ ...wait, name: `wait${i}` }).record(1)
  const view = new SlabView(slab)
  assert.ok(view.used <= view.capacity)
  const snapshot = store.snapshot()
  assert.is(valueOf(snapshot, 'tapio_requests_total'), 200n)
  assert.ok(Number(valueOf(snapshot, 'tapio_requests_total', { overflow: 'true' })) > 140)
  assert.is(lines.length, 41)
  assert.match(lines[0]!, /slab of 64 cells is full/)
})

test('meters opened anew over a slab that is full still work', () => {
  const slab = createSlab(64)
  const first = new ThreadMeters(slab, () => {}).meterFor({})
  for (let i = 0; i < 100; i++) first.counter(requests, { i: String(i) })
  for (let i = 0; i < 40; i++) first.counter({ ...requests, name: `r${i}` })
  new ThreadMeters(slab, () => {}).meterFor({}).counter(requests).add(1)
  assert.is(new SlabView(slab).used, 64)
})

test('the store sums counters and histograms over threads, and gauges over live ones', () => {
  const store = new MetricStore()
  const threads = ['a', 'b'].map(name => {
    const slab = createSlab()
    store.addThread(name, slab)
    return new ThreadMeters(slab, s => store.addSeries(name, s)).meterFor({})
  })
  for (const meter of threads) {
    meter.counter(requests).add(2)
    meter.gauge(depth).set(5)
    meter.histogram(wait).record(0.5)
  }
  assert.is(valueOf(store.snapshot(), 'tapio_depth_events'), 10)
  store.endThread('a')
  store.endThread('a')
  const snapshot = store.snapshot()
  assert.is(valueOf(snapshot, 'tapio_requests_total'), 4n)
  assert.is(valueOf(snapshot, 'tapio_depth_events'), 5)
  assert.equal(histogramOf(snapshot, 'tapio_wait_seconds').series[0]!.buckets, [0n, 2n, 0n, 0n])
  assert.is(valueOf(store.snapshot(), 'tapio_requests_total'), 4n, 'a snapshot changes nothing')
})

test('a thread restarted a thousand times loses no count and keeps no slab', () => {
  const store = new MetricStore({ maxSeriesPerMetric: 10 })
  for (let life = 0; life < 1000; life++) {
    const slab = createSlab()
    store.addThread('w', slab)
    const meter = new ThreadMeters(slab, s => store.addSeries('w', s)).meterFor({})
    meter.counter(requests).add(1)
    meter.counter({ ...requests, name: 'lives' }, { life: String(life) }).add(1)
  }
  const snapshot = store.snapshot()
  assert.is(valueOf(snapshot, 'tapio_requests_total'), 1000n)
  assert.is(valueOf(snapshot, 'tapio_lives_total'), 1000n)
  assert.is(snapshot.families.find(f => f.name === 'tapio_lives_total')!.series.length, 12)
})

test('the store refuses what cannot be right and goes on', () => {
  const { logger, lines } = recorder()
  const store = new MetricStore({ logger })
  store.addThread('a', createSlab(64))
  store.addSeries('ghost', { cell: 1, declaration: requests, attributes: {} })
  store.addSeries('a', { cell: 0, declaration: requests, attributes: {} })
  store.addSeries('a', { cell: 1.5, declaration: requests, attributes: {} })
  store.addSeries('a', { cell: 61, declaration: wait, attributes: {} })
  store.addSeries('a', { cell: 3, declaration: { ...wait, bounds: [2, 1] }, attributes: {} })
  store.addSeries('a', { cell: 1, declaration: requests, attributes: {} })
  store.addSeries('a', { cell: 2, declaration: { ...requests, kind: 'gauge', name: 'requests_total' }, attributes: {} })
  assert.is(lines.length, 6)
  assert.match(lines.at(-1)!, /another shape/)
  assert.equal(store.snapshot().families.map(f => f.name), ['tapio_requests_total'])
})

const registryUrl = new URL('./registry.js', import.meta.url).href

/** A worker that counts `rounds` times (0: until it is terminated). */
function startWorker (store: MetricStore, name: string, rounds: number): Worker {
  const slab = createSlab()
  store.addThread(name, slab)
  const code = `
    import(${JSON.stringify(registryUrl)}).then(({ ThreadMeters }) => {
      const { parentPort, workerData: { slab, rounds, requests, wait } } = require('node:worker_threads')
      const meter = new ThreadMeters(slab, s => parentPort.postMessage(s)).meterFor({ component_id: 'w' })
      const counter = meter.counter(requests), histogram = meter.histogram(wait)
      for (let i = 0; rounds === 0 || i < rounds; i++) {
        counter.add(3)
        histogram.record(0.5)
      }
    })`
  const worker = new Worker(code, { eval: true, workerData: { slab, rounds, requests, wait } })
  worker.on('message', (series: SeriesDescription) => store.addSeries(name, series))
  return worker
}

test('increments of several workers at once sum exactly', async () => {
  const store = new MetricStore()
  const rounds = 100_000
  const workers = ['w1', 'w2', 'w3', 'w4'].map(name => startWorker(store, name, rounds))
  await Promise.all(workers.map(worker => once(worker, 'exit')))
  assert.is(valueOf(store.snapshot(), 'tapio_requests_total'), BigInt(4 * rounds * 3))
  const [series] = histogramOf(store.snapshot(), 'tapio_wait_seconds').series
  assert.is(series!.count, BigInt(4 * rounds))
  assert.is(series!.sum, 4 * rounds * 0.5)
})

test('main reads a worker that never yields, and its counts survive its being terminated', async () => {
  const store = new MetricStore()
  const worker = startWorker(store, 'w', 0)
  const exited = once(worker, 'exit')
  const count = (): bigint => BigInt(valueOf(store.snapshot(), 'tapio_requests_total', { component_id: 'w' }))
  const deadlineMs = performance.now() + 20_000
  while (count() < 30_000n && performance.now() < deadlineMs) await new Promise(resolve => { setImmediate(resolve) })
  const live = count()
  await worker.terminate()
  await exited
  assert.ok(live >= 30_000n, 'the worker is read while it runs')
  const dead = count()
  assert.ok(dead >= live)
  assert.is(dead % 3n, 0n, 'no half-written count')
  store.endThread('w')
  assert.is(count(), dead)
  const [series] = histogramOf(store.snapshot(), 'tapio_wait_seconds').series
  assert.ok(dead / 3n - series!.count <= 1n, 'at most the record it died in is missing')
})

test('a worker killed right after it counted leaves exact counts', async () => {
  const store = new MetricStore()
  const slab = createSlab()
  store.addThread('w', slab)
  const code = `
    import(${JSON.stringify(registryUrl)}).then(({ ThreadMeters }) => {
      const { parentPort, workerData: { slab, requests } } = require('node:worker_threads')
      new ThreadMeters(slab, s => parentPort.postMessage(s)).meterFor({}).counter(requests).add(12345)
      process.exit(1)
    })`
  const worker = new Worker(code, { eval: true, workerData: { slab, requests } })
  worker.on('message', (series: SeriesDescription) => store.addSeries('w', series))
  await once(worker, 'exit')
  store.endThread('w')
  assert.is(valueOf(store.snapshot(), 'tapio_requests_total'), 12345n)
})

test.run()
