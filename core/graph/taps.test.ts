/**
 * Scenario: graphs in all modes, tapped at edges of every thread while rows flow, over restarts, by too many, by somebody who reads nothing,
 * and until the end.
 * Guarantees: what is shown passed there; every row that passed is shown or counted; the pipeline loses nothing; taps end with their reader
 * or with the graph, and an edge that nobody taps any more knows of none.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { valueOf } from '../telemetry/snapshot.js'
import { components } from '../testing/components.js'
import { RecordingLogger } from '../testing/services.js'
import { edgesOf } from './edges-of.js'
import { planGraph, type Plan } from './plan.js'
import { Runtime } from './runtime.js'
import { serviceDefaults, type ComponentSpec, type Mode, type PipelineSpec, type ServiceSpec } from './spec.js'
import { TapRefused, type Tapped, type TapSelection } from './tap.js'

const catalog = [new URL('../testing/components.js', import.meta.url).href]
const modes: readonly Mode[] = ['ring-buffer', 'high-performance', 'standard', 'debug']

const source = (config: object, id = 'test_source'): ComponentSpec => ({ kind: 'receiver', id, config: { rows: 1e9, batch_rows: 100, rows_per_second: 20_000, finish: false, ...config } })
const others: readonly ComponentSpec[] = [
  { kind: 'processor', id: 'test_oracle', config: { answer: 'well' } },
  { kind: 'connector', id: 'test_forward', config: {} },
  { kind: 'exporter', id: 'test_sink', config: { rows_per_second: 0, retry_every: 0 } }
]
const onePipeline: readonly PipelineSpec[] = [{ id: 'p', receivers: ['test_source'], processors: ['test_oracle'], exporters: ['test_sink'] }]
const several: readonly PipelineSpec[] = [
  { id: 'a', receivers: ['test_source'], processors: ['test_oracle', 'test_oracle'], exporters: ['test_forward', 'test_sink'] },
  { id: 'b', receivers: ['test_forward'], processors: [], exporters: ['test_sink'] }
]

function planOf (service: Partial<ServiceSpec>, components_: readonly ComponentSpec[], pipelines: readonly PipelineSpec[]): Plan {
  const used = components_.filter(c => pipelines.some(p => [...p.receivers, ...p.processors, ...p.exporters].includes(c.id)))
  const result = planGraph({ catalog, service: { ...serviceDefaults, maxConcurrency: 2, ...service }, components: used, pipelines, extensions: [] }, finder(components), 2)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.plan
}

function make (service: Partial<ServiceSpec>, sourceConfig: object = {}, pipelines = onePipeline): Runtime {
  const plan = planOf(service, [source(sourceConfig), ...others], pipelines)
  const runtime = new Runtime({ plan, logger: new RecordingLogger(), log: { level: 'error', format: 'json' } })
  made.push(runtime)
  return runtime
}

const made: Runtime[] = []
test.after(async () => { await Promise.all(made.map(r => r.stop(100))) })

const selection = (edge: string, more: Partial<TapSelection> = {}): TapSelection => ({ edge, filter: {}, maxEventsPerSecond: 1000, ...more })

/** Reports until `enough` of them; the tap has ended then. */
async function read (runtime: Runtime, wanted: TapSelection, enough: (reports: readonly Tapped[]) => boolean): Promise<readonly Tapped[]> {
  const reports: Tapped[] = []
  for await (const report of runtime.tap(wanted, AbortSignal.timeout(60_000))) {
    reports.push(report)
    if (enough(reports)) return reports
  }
  throw new Error(`the tap ended after ${JSON.stringify(reports.map(r => [r.rows.length, r.passed, r.notShown]))}`)
}

const shownIn = (reports: readonly Tapped[]): number => reports.flatMap(r => r.rows).reduce((n, r) => n + r.batch.count, 0)
const edgesIn = (reports: readonly Tapped[]): string[] => [...new Set(reports.flatMap(r => r.rows).map(r => `${r.from} -> ${r.to}`))].sort()

for (const mode of modes) {
  test(`${mode}: every edge can be tapped, alone or with all others, while rows flow`, async () => {
    const runtime = make({ mode }, {}, several)
    const edges = edgesOf(runtime.plan)
    const names = [...new Set(edges.map(e => `${e.from} -> ${e.to}`))].sort()
    await runtime.start()
    const seen = new Set<string>()
    await read(runtime, selection(''), reports => { for (const edge of edgesIn(reports.slice(-1))) seen.add(edge); return seen.size === names.length })
    await Promise.all(names.map(async name => {
      const reports = await read(runtime, selection(name), r => shownIn(r) > 50)
      assert.equal(edgesIn(reports), [name])
      assert.is(reports.reduce((n, r) => n + r.passed - r.notShown, 0), shownIn(reports), 'without a filter all that passed is shown or counted')
      for (const { batch } of reports.flatMap(r => r.rows)) for (const row of batch) assert.match(row.get('message') ?? '', /^something happened to container/)
    }))
    // What the runtime counts has the same edges.
    const family = runtime.snapshot().families.find(f => f.name === 'tapio_edge_sent_events_total')
    const counted = new Set((family?.series ?? []).map(s => `${s.attributes.from} -> ${s.attributes.to} ${s.attributes.pipeline}`))
    assert.equal([...counted].sort(), [...new Set(edges.map(e => `${e.from} -> ${e.to} ${e.pipeline}`))].sort())
    assert.is((await runtime.stop()).undelivered, 0)
  })

  test(`${mode}: rows are filtered where they pass`, async () => {
    const runtime = make({ mode })
    await runtime.start()
    const reports = await read(runtime, selection('* -> exporter/test_sink', { filter: { minSeverity: 17 } }), r => shownIn(r) > 20)
    for (const { batch } of reports.flatMap(r => r.rows)) for (const row of batch) assert.is(row.get('severity'), 17)
    // One row in fifty is an error.
    assert.ok(reports.reduce((n, r) => n + r.passed, 0) > 20 * shownIn(reports))
    await runtime.stop()
  })
}

test('taps that nobody reads cost no row and no memory; the graph\'s end ends them', async () => {
  const runtime = make({ mode: 'standard' }, { rows: 60_000, rows_per_second: 0, finish: true })
  const taps = Array.from({ length: 32 }, () => runtime.tap(selection(''), new AbortController().signal)[Symbol.asyncIterator]())
  await runtime.start()
  const firsts = taps.map(tap => tap.next())
  const { why } = await runtime.tap(selection(''), new AbortController().signal)[Symbol.asyncIterator]().next().then(() => ({ why: 'none' }), (e: unknown) => e as TapRefused)
  assert.is(why, 'too_many')
  await runtime.endRequested
  assert.is((await runtime.stop()).undelivered, 0)
  assert.is(Number(valueOf(runtime.snapshot(), 'tapio_test_sink_events_total')), 60_000)
  await Promise.all(firsts)
  for (const tap of taps) {
    let reports = 0
    while ((await tap.next()).done !== true) reports++
    assert.ok(reports <= 8, `${reports} reports of two threads waited`)
  }
  assert.is(await refusal(runtime, ''), 'gone')
})

test('a successor of a dead thread goes on with the running taps', async () => {
  const runtime = make({ mode: 'ring-buffer', maxConcurrency: 1 })
  await runtime.start()
  let deaths = 0
  let after = 0
  await read(runtime, selection('pipeline/p -> processor/test_oracle'), reports => {
    const rows = shownIn(reports.slice(-1))
    if (deaths === 0 && rows > 0) { deaths++; void runtime.killThread('process-0') } else if (Number(valueOf(runtime.snapshot(), 'tapio_worker_deaths_total')) === 1) after += rows
    return after > 2000
  })
  await runtime.stop()
})

test('the reader\'s signal ends a tap, also while it waits for rows', async () => {
  const runtime = make({ mode: 'debug' }, { rows: 0 })
  await runtime.start()
  const over = new AbortController()
  const tap = runtime.tap(selection(''), over.signal)[Symbol.asyncIterator]()
  const next = tap.next()
  over.abort()
  assert.equal(await next, { value: undefined, done: true })
  assert.equal(await runtime.tap(selection(''), over.signal)[Symbol.asyncIterator]().next(), { value: undefined, done: true })
  await runtime.stop()
})

test('a filter that no batch can be compared with ends the tap with an error, and rows pass', async () => {
  for (const mode of ['standard', 'debug'] as const) {
    const runtime = make({ mode }, { rows: 5000, finish: true })
    await runtime.start()
    const tap = runtime.tap(selection('* -> exporter/test_sink', { filter: { text: 7 as unknown as string } }), new AbortController().signal)[Symbol.asyncIterator]()
    assert.match(await tap.next().then(() => 'none', (e: unknown) => (e as Error).message), /a tap could not look at what passed: .*toLowerCase/)
    assert.equal(await tap.next(), { value: undefined, done: true })
    await runtime.endRequested
    await runtime.stop()
    assert.is(Number(valueOf(runtime.snapshot(), 'tapio_test_sink_events_total')), 5000)
  }
})

test('an edge that does not exist is refused with those that do', async () => {
  const runtime = make({ mode: 'debug' }, { rows: 0 })
  assert.is(await refusal(runtime, ''), 'gone')
  await runtime.start()
  const error = await runtime.tap(selection('receiver/oltp'), new AbortController().signal)[Symbol.asyncIterator]().next().then(() => undefined, (e: unknown) => e)
  assert.instance(error, TapRefused)
  assert.is((error as TapRefused).message, 'no edge is called "receiver/oltp"; there are receiver/test_source -> pipeline/p, pipeline/p -> processor/test_oracle, processor/test_oracle -> exporter/test_sink')
  await runtime.stop()
})

async function refusal (runtime: Runtime, edge: string): Promise<string> {
  return await runtime.tap(selection(edge), new AbortController().signal)[Symbol.asyncIterator]().next().then(() => 'none', (e: unknown) => (e as TapRefused).why)
}

test.run()
