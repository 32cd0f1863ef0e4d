import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { valueOf } from '../telemetry/snapshot.js'
import { components } from '../testing/components.js'
import { RecordingLogger } from '../testing/services.js'
import { planGraph } from './plan.js'
import { Runtime } from './runtime.js'
import { serviceDefaults, type ComponentSpec, type GraphSpec, type Mode, type PipelineSpec, type ServiceSpec } from './spec.js'

const catalog = [new URL('../testing/components.js', import.meta.url).href]
const modes: readonly Mode[] = ['ring-buffer', 'high-performance', 'standard', 'debug']

const source = (config: object = {}, id = 'test_source'): ComponentSpec => ({ kind: 'receiver', id, config: { rows: 20_000, batch_rows: 100, rows_per_second: 0, finish: true, ...config } })
const middle = (config: object = {}): ComponentSpec => ({ kind: 'processor', id: 'test_misbehaving', config: { throw_at: 0, exit_at: 0, hold: false, ...config } })
const sink = (config: object = {}, id = 'test_sink'): ComponentSpec => ({ kind: 'exporter', id, config: { rows_per_second: 0, retry_every: 0, ...config } })
const forward: ComponentSpec = { kind: 'connector', id: 'test_forward', config: {} }

const onePipeline: PipelineSpec[] = [{ id: 'p', receivers: ['test_source'], processors: ['test_misbehaving'], exporters: ['test_sink'] }]

function make (components_: readonly ComponentSpec[], service: Partial<ServiceSpec>, pipelines = onePipeline): { runtime: Runtime, logger: RecordingLogger } {
  const spec: GraphSpec = { catalog, service: { ...serviceDefaults, ...service }, components: components_, pipelines, extensions: [] }
  const result = planGraph(spec, finder(components), 2)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  const logger = new RecordingLogger()
  const runtime = new Runtime({ plan: result.plan, logger, log: { level: 'error', format: 'json' } })
  made.push(runtime)
  return { logger, runtime }
}

/** A failing test must not leave its threads behind. */
const made: Runtime[] = []
test.after(async () => { await Promise.all(made.map(r => r.stop(100))) })

const sunk = (runtime: Runtime, id = 'test_sink'): number => Number(valueOf(runtime.snapshot(), 'tapio_test_sink_events_total', { component_id: id }))
const count = (runtime: Runtime, name: string, attributes = {}): number => Number(valueOf(runtime.snapshot(), name, attributes))

/** Waits until `probe` is true; the deadline is for broken code only. */
async function until (probe: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!probe()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

for (const mode of modes) {
  test(`${mode}: every row arrives, edges add up, everything ends`, async () => {
    const { runtime } = make([source(), middle(), sink()], { mode })
    await runtime.start()
    assert.ok(runtime.health.readiness().ready)
    assert.is((await runtime.endRequested).kind, 'finished')
    const report = await runtime.stop()
    assert.equal(report, { undelivered: 0, errors: [] })
    assert.is(sunk(runtime), 20_000)
    for (const [from, to] of [['receiver/test_source', 'pipeline/p'], ['pipeline/p', 'processor/test_misbehaving'], ['processor/test_misbehaving', 'exporter/test_sink']]) {
      assert.is(count(runtime, 'tapio_edge_accepted_events_total', { from, to }), 20_000, `${from} -> ${to}`)
    }
    assert.ok(runtime.health.snapshot().components.every(c => c.state === 'stopped'))
  })

  test(`${mode}: a sink that answers retry gets every row once`, async () => {
    const { runtime } = make([source({ rows: 5000 }), middle(), sink({ retry_every: 3 })], { mode, batchSize: 100 })
    await runtime.start()
    await runtime.endRequested
    assert.is((await runtime.stop()).undelivered, 0)
    assert.is(sunk(runtime), 5000)
  })

  test(`${mode}: an endToEnd source hears of the exporter itself, beside a source that does not ask`, async () => {
    const { runtime } = make(
      [source({ rows: 5000 }, 'test_source_acked'), source({ rows: 3000, finish: false }), middle(), sink({ retry_every: 3 }), sink({}, 'test_sink/other')], { mode, batchSize: 100 },
      [{ id: 'p', receivers: ['test_source_acked'], processors: ['test_misbehaving'], exporters: ['test_sink'] }, { id: 'q', receivers: ['test_source'], processors: [], exporters: ['test_sink/other'] }])
    await runtime.start()
    await until(() => sunk(runtime) === 5000 && sunk(runtime, 'test_sink/other') === 3000, 'all rows of both')
    assert.is((await runtime.stop()).undelivered, 0)
    // The answer `retry` of the exporter has come all the way back to the edge from the receiver.
    assert.ok(count(runtime, 'tapio_edge_retried_events_total', { from: 'receiver/test_source_acked', to: 'pipeline/p' }) > 0)
  })

  test(`${mode}: rows that a processor holds are flushed by the stop`, async () => {
    const { runtime } = make([source({ rows: 3000 }), middle({ hold: true }), sink()], { mode })
    await runtime.start()
    await runtime.endRequested
    assert.is((await runtime.stop()).undelivered, 0)
    assert.is(sunk(runtime), 3000)
  })

  test(`${mode}: a throwing processor loses only the batch it was given`, async () => {
    const { runtime } = make([source({ rows: 3000 }), middle({ throw_at: 2 }), sink()], { mode, batchSize: 100, maxConcurrency: 1 })
    await runtime.start()
    await runtime.endRequested
    await runtime.stop()
    const dropped = count(runtime, 'tapio_edge_dropped_events_total', { reason: 'component_error' })
    assert.ok(dropped > 0)
    assert.is(sunk(runtime) + dropped, 3000)
  })

  test(`${mode}: fan-in, fan-out, shared receivers and exporters, connectors`, async () => {
    const pipelines: PipelineSpec[] = [
      { id: 'a', receivers: ['test_source'], processors: [], exporters: ['test_forward', 'test_sink'] },
      { id: 'b', receivers: ['test_source', 'test_source/2'], processors: ['test_misbehaving'], exporters: ['test_forward'] },
      { id: 'c', receivers: ['test_forward'], processors: ['test_misbehaving'], exporters: ['test_sink/2', 'test_sink'] }
    ]
    const { runtime } = make([source({ rows: 2000 }), source({ rows: 500, finish: false }, 'test_source/2'), middle(), sink(), sink({}, 'test_sink/2'), forward], { mode }, pipelines)
    await runtime.start()
    await runtime.endRequested
    await until(() => count(runtime, 'tapio_edge_accepted_events_total', { from: 'receiver/test_source/2' }) === 500, 'the second source is done')
    assert.is((await runtime.stop()).undelivered, 0)
    assert.is(sunk(runtime, 'test_sink/2'), 2000 + 2500)
    assert.is(sunk(runtime), 2000 + 4500)
  })
}

for (const mode of ['ring-buffer', 'debug'] as const) {
  test(`${mode}: a component that does not start stops the whole graph from starting, and the error names it`, async () => {
    const { runtime } = make([source(), middle({ fail_start: true }), sink()], { mode })
    const error = await runtime.start().then(() => undefined, (e: unknown) => e as Error)
    assert.match(error?.message ?? '', 'processor/test_misbehaving did not start: told not to start')
    assert.is(sunk(runtime), 0)
  })
}

test('worker_failure restart: a dead worker comes back, goes on where it was, and every row is delivered or counted', async () => {
  const { runtime, logger } = make([source({ rows: 200_000, rows_per_second: 100_000 }), middle(), sink()], { mode: 'ring-buffer', batchSize: 500 })
  await runtime.start()
  await until(() => sunk(runtime) > 10_000, 'the first rows')
  const changes: string[] = []
  runtime.health.onChange(c => { if (c.component === 'thread/process-0') changes.push(`${c.state} ready:${runtime.health.readiness().ready}`) })
  await runtime.killThread('process-0')
  await until(() => changes.length === 2, 'the thread is away and back on the health board')
  assert.equal(changes, ['recoverable_error ready:false', 'ok ready:true'])
  assert.is(count(runtime, 'tapio_worker_deaths_total'), 1)
  await runtime.killThread('deliver')
  await runtime.endRequested
  assert.is((await runtime.stop()).undelivered, 0)
  const delivered = sunk(runtime)
  const lost = count(runtime, 'tapio_worker_lost_events_total') + count(runtime, 'tapio_ring_lost_events_total') + count(runtime, 'tapio_test_source_refused_events_total')
  assert.is(count(runtime, 'tapio_worker_deaths_total'), 2)
  // Redelivery after a death may repeat a batch, never lose one: what is missing has been counted.
  assert.ok(delivered + lost >= 200_000, `${delivered} delivered, ${lost} counted as lost`)
  assert.ok(logger.lines.some(l => l.message === 'a worker thread is back'))
})

test('a stop that comes while a dead worker is being replaced waits for the successor and drains', async () => {
  const { runtime } = make([source({ rows: 20_000, finish: false }), middle(), sink({ rows_per_second: 40_000 })], { mode: 'ring-buffer', batchSize: 500 })
  await runtime.start()
  await until(() => count(runtime, 'tapio_edge_accepted_events_total', { from: 'receiver/test_source' }) === 20_000, 'all rows are in the rings')
  await runtime.killThread('deliver')
  assert.equal(await runtime.stop(), { undelivered: 0, errors: [] })
  // What the dead sink had counted died with nothing: its counters are in shared memory. A batch in its hands came again.
  assert.ok(sunk(runtime) >= 20_000, `${sunk(runtime)}`)
})

test('rows that a dead worker held are counted exactly', async () => {
  const { runtime } = make([source({ rows: 5000, finish: false }), middle({ hold: true }), sink()], { mode: 'ring-buffer', batchSize: 100 })
  await runtime.start()
  await until(() => count(runtime, 'tapio_edge_accepted_events_total', { to: 'processor/test_misbehaving' }) === 5000, 'all rows are held')
  await runtime.killThread('process-0')
  await until(() => count(runtime, 'tapio_worker_deaths_total') === 1, 'the death')
  assert.is(count(runtime, 'tapio_worker_lost_events_total', { thread: 'process-0' }), 5000)
  await runtime.stop()
  assert.is(sunk(runtime), 0)
})

test('worker_failure stop: the runtime asks for the end and says why', async () => {
  const { runtime } = make([source({ rows: 10_000, finish: false }), middle({ exit_at: 3 }), sink()], { mode: 'ring-buffer', batchSize: 100, workerFailure: 'stop' })
  await runtime.start()
  const end = await runtime.endRequested
  assert.is(end.kind, 'failed')
  assert.match(end.reason, /thread process-0 died: exited with code 9/)
  await runtime.stop(2000)
})

test('a worker that dies again and again makes the runtime give up', async () => {
  const { runtime } = make([source({ rows: 1_000_000, finish: false }), middle({ exit_at: 1 }), sink()], { mode: 'standard', batchSize: 100 })
  await runtime.start()
  const end = await runtime.endRequested
  assert.match(end.reason, /died 6 times/)
  await runtime.stop(1000)
})

test('a drain that passes its deadline ends, and what is left is counted', async () => {
  const { runtime } = make([source({ rows: 50_000, finish: false }), middle(), sink({ rows_per_second: 1000 })], { mode: 'ring-buffer', batchSize: 100 })
  await runtime.start()
  await until(() => count(runtime, 'tapio_edge_accepted_events_total', { from: 'receiver/test_source' }) === 50_000, 'all rows are in the rings')
  const startedMs = performance.now()
  const report = await runtime.stop(700)
  assert.ok(performance.now() - startedMs < 20_000)
  const atEdges = count(runtime, 'tapio_component_dropped_events_total', { reason: 'shutdown' })
  assert.ok(report.undelivered > 0)
  assert.ok(report.undelivered + atEdges + sunk(runtime) >= 50_000, `${report.undelivered} + ${atEdges} + ${sunk(runtime)}`)
})

test('a full ring pushes back: rows are refused, not lost, and memory is bounded by the ring', async () => {
  const { runtime } = make([source({ rows: 150_000, batch_rows: 1000, rows_per_second: 300_000 }), middle(), sink({ rows_per_second: 50_000 })], { mode: 'standard', batchSize: 1000, enqueueTimeoutMs: 5 })
  await runtime.start()
  await runtime.endRequested
  await runtime.stop(60_000)
  const refused = count(runtime, 'tapio_test_source_refused_events_total')
  assert.ok(refused > 0, 'the source was faster than the sink')
  assert.is(refused + sunk(runtime), 150_000)
})

test('when_full drop: what does not fit is dropped and counted exactly', async () => {
  const { runtime } = make([source({ rows: 150_000, batch_rows: 1000, rows_per_second: 300_000 }), middle(), sink({ rows_per_second: 50_000 })], { mode: 'standard', batchSize: 1000, whenFull: 'drop' })
  await runtime.start()
  await runtime.endRequested
  await runtime.stop(60_000)
  const dropped = count(runtime, 'tapio_component_dropped_events_total', { reason: 'ring_full' })
  assert.ok(dropped > 0)
  assert.is(dropped + sunk(runtime), 150_000)
})

test.run()
