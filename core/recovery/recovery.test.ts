/**
 * Scenario: a processor that fails in each of its ways, in a running graph with threads and rings, isolated.
 * Guarantees: every row arrives exactly once; those without the processor are marked and counted; health says degraded and stays ready; it
 * comes back; code that never ends costs one batch of its thread.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder, loadCatalog } from '../component/catalog.js'
import { planGraph } from '../graph/plan.js'
import { Runtime } from '../graph/runtime.js'
import { serviceDefaults } from '../graph/spec.js'
import { valueOf } from '../telemetry/snapshot.js'
import { RecordingLogger } from '../testing/services.js'

const catalog = [new URL('../testing/components.js', import.meta.url).href]
const factories = await loadCatalog(catalog)
const made: Runtime[] = []
test.after(async () => { await Promise.all(made.map(r => r.stop(100))) })

const isolation = { enabled: true, timeout: 200, max_failures: 3, window: 60_000, initial_interval: 50, max_interval: 100, max_deferred: 1 << 20 }

function make (middle: object, rows: number, ratePerSecond = 0): Runtime {
  const result = planGraph({
    catalog,
    service: { ...serviceDefaults, mode: 'standard', batchSize: 100, stallTimeoutMs: 3000 },
    components: [
      { kind: 'receiver', id: 'test_source', config: { rows, batch_rows: 100, rows_per_second: ratePerSecond, fresh_ids: false, poison_every: 10, finish: true } },
      { kind: 'processor', id: 'test_misbehaving', config: { throw_at: 0, exit_at: 0, hold: false, throw_every: 0, fail_from: 0, poison: '', failure: 'throw', block_ms: 0, isolation, ...middle } },
      { kind: 'exporter', id: 'test_sink', config: { rows_per_second: 0, retry_every: 0, sending_queue: { enabled: false }, circuit_breaker: { enabled: false } } }
    ],
    pipelines: [{ id: 'p', receivers: ['test_source'], processors: ['test_misbehaving'], exporters: ['test_sink'] }],
    extensions: []
  }, finder(factories), 2)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  const runtime = new Runtime({ plan: result.plan, logger: new RecordingLogger(), log: { level: 'error', format: 'json' } })
  made.push(runtime)
  return runtime
}

const count = (runtime: Runtime, name: string, attributes = {}): number => Number(valueOf(runtime.snapshot(), name, attributes))
const sunk = (runtime: Runtime): number => count(runtime, 'tapio_test_sink_events_total')

/** The deadline is for broken code only. */
async function until (probe: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 30_000
  while (!probe()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const ways: readonly (readonly [name: string, config: object])[] = [
  ['throws with each batch', { fail_from: 1, failure: 'throw' }],
  ['throws with every third batch', { throw_every: 3 }],
  ['rejects each', { fail_from: 1, failure: 'reject' }],
  ['never answers', { fail_from: 1, failure: 'never' }],
  ['throws with some rows', { poison: 'poison', failure: 'throw' }],
  ['holds up its thread', { poison: 'poison', failure: 'block', block_ms: 250 }]
]

for (const [name, config] of ways) {
  test(`a processor that ${name} costs no row`, async () => {
    const runtime = make(config, 4000)
    const seen: string[] = []
    await runtime.start()
    runtime.health.onChange(c => { if (c.component.startsWith('processor/')) seen.push(`${c.state} failing:${runtime.health.readiness().failing.length}`) })
    const end = await runtime.endRequested
    assert.is(end.kind, 'finished')
    assert.equal((await runtime.stop()).errors, [])
    assert.is(sunk(runtime), 4000)
    assert.is(count(runtime, 'tapio_edge_dropped_events_total'), 0)
    assert.ok(seen.includes('degraded failing:0'), seen.join('; '))
    const failed = ['throw', 'late', 'slow'].reduce((n, kind) => n + count(runtime, 'tapio_recovery_failures_total', { kind }), 0)
    assert.ok(failed > 0)
    // One that is only slow has done its work: rows are skipped when it is taken out, and not before.
    if (!name.startsWith('holds')) assert.ok(count(runtime, 'tapio_recovery_skipped_events_total') > 0)
  })
}

test('one that loops for ever costs the batch it loops with', async () => {
  const runtime = make({ poison: 'poison', failure: 'loop' }, 1500)
  await runtime.start()
  await until(() => sunk(runtime) + count(runtime, 'tapio_recovery_poison_events_total') >= 1500, 'all rows')
  assert.is(count(runtime, 'tapio_recovery_poison_events_total'), 100)
  assert.ok(sunk(runtime) >= 1400)
  assert.is((await runtime.stop()).undelivered, 0)
})

test.run()
