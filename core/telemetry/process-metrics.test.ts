import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { declarationFault, exposedName } from './declaration.js'
import { declaredMetrics, metricsTable } from './declared-metrics.js'
import { MetricStore } from './metric-store.js'
import { ProcessMetrics } from './process-metrics.js'
import { ThreadMeters } from './registry.js'
import { createSlab } from './slab.js'
import { valueOf } from './snapshot.js'
import { ThreadMetrics } from './thread-metrics.js'

function open () {
  const store = new MetricStore()
  const slab = createSlab()
  store.addThread('t', slab)
  const meter = new ThreadMeters(slab, s => store.addSeries('t', s)).meterFor({})
  return { meter, value: (name: string, attributes = {}) => Number(valueOf(store.snapshot(), `tapio_${name}`, attributes)) }
}

/** Keeps the thread busy until `ms` of its CPU time are used. */
function burn (ms: number): void {
  const start = process.cpuUsage()
  while (process.cpuUsage(start).user + process.cpuUsage(start).system < ms * 1000);
}

test('CPU seconds grow with use and agree with the process', () => {
  const { meter, value } = open()
  const metrics = new ProcessMetrics(meter)
  metrics.sample()
  const before = value('process_cpu_seconds_total')
  burn(60)
  metrics.sample()
  const { user, system } = process.cpuUsage()
  assert.ok(value('process_cpu_seconds_total') - before >= 0.06)
  assert.ok(value('process_cpu_seconds_total') <= (user + system) / 1e6 + 1e-6)
  assert.ok(value('process_memory_rss_bytes') > 10e6)
  assert.ok(value('process_uptime_seconds') > 0)
})

test('a blocked event loop shows in the delay of its thread, and sampling ends with stop', async () => {
  const { meter, value } = open()
  let fire = (): void => {}
  let cancelled = 0
  const clock = { ...systemClock, after: (_ms: number, call: () => void) => { fire = call; return () => { cancelled++ } } }
  const metrics = new ThreadMetrics(meter, 'main', clock)
  metrics.start()
  metrics.start()
  const turn = (): Promise<void> => new Promise(resolve => { setTimeout(resolve, 1) })
  const deadlineMs = performance.now() + 20_000
  // The monitor's own timer must have ticked before the block and after it; how many turns that takes is libuv's affair.
  while (value('thread_event_loop_delay_seconds', { stat: 'max' }) < 0.1 && performance.now() < deadlineMs) {
    for (let i = 0; i < 30; i++) await turn()
    burn(150)
    for (let i = 0; i < 30; i++) await turn()
    fire()
  }
  assert.ok(value('thread_event_loop_delay_seconds', { stat: 'max', thread: 'main' }) >= 0.1)
  assert.ok(value('thread_event_loop_utilization_ratio') > 0)
  assert.ok(value('thread_heap_used_bytes') > 1e6)
  metrics.stop()
  metrics.stop()
  assert.ok(cancelled >= 1)
})

test('core metrics are declared once, usable, and each has a sentence', () => {
  const all = declaredMetrics()
  assert.is(new Set(all.map(exposedName)).size, all.length)
  for (const d of all) {
    assert.is(declarationFault(d), '')
    assert.match(d.description, /^[A-Z].*\.$/, d.name)
  }
  assert.is(metricsTable(all).trim().split('\n').length, all.length + 2)
})

test.run()
