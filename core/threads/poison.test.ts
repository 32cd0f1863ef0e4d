/**
 * Scenario: batches that kill whatever thread reads them: by an exception outside of the call, by taking all memory, by code that never
 * ends. And threads that are killed from outside, again and again.
 * Guarantees: such a batch costs two deaths and itself, counted; all other rows arrive and the process lives. A kill from outside blames no
 * batch.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { planGraph } from '../graph/plan.js'
import { Runtime } from '../graph/runtime.js'
import { serviceDefaults, type ServiceSpec } from '../graph/spec.js'
import { valueOf } from '../telemetry/snapshot.js'
import { components } from '../testing/components.js'
import { RecordingLogger } from '../testing/services.js'

const catalog = [new URL('../testing/components.js', import.meta.url).href]
const made: Runtime[] = []
test.after(async () => { await Promise.all(made.map(r => r.stop(100))) })

function make (source: object, middle: object, sink: object = {}, service: Partial<ServiceSpec> = {}): { runtime: Runtime, logger: RecordingLogger } {
  const result = planGraph({
    catalog,
    service: { ...serviceDefaults, mode: 'ring-buffer', maxConcurrency: 1, batchSize: 500, ...service },
    components: [
      { kind: 'receiver', id: 'test_source', config: { rows: 20_000, batch_rows: 100, rows_per_second: 0, fresh_ids: false, poison_every: 0, finish: true, ...source } },
      { kind: 'processor', id: 'test_misbehaving', config: { throw_at: 0, exit_at: 0, hold: false, throw_every: 0, fail_from: 0, poison: '', failure: 'throw', block_ms: 0, ...middle } },
      { kind: 'exporter', id: 'test_sink', config: { rows_per_second: 0, retry_every: 0, ...sink } }
    ],
    pipelines: [{ id: 'p', receivers: ['test_source'], processors: ['test_misbehaving'], exporters: ['test_sink'] }],
    extensions: []
  }, finder(components), 2)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  const logger = new RecordingLogger()
  const runtime = new Runtime({ plan: result.plan, logger, log: { level: 'error', format: 'json' } })
  made.push(runtime)
  return { runtime, logger }
}

const count = (runtime: Runtime, name: string): number => Number(valueOf(runtime.snapshot(), name, {}))

/** The deadline is for broken code only. */
async function until (probe: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 30_000
  while (!probe()) {
    if (performance.now() > endMs) throw new Error(`never: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const isLong = process.env['TAPIO_TEST_LONG'] === '1'
/** In a process of its own with little memory: until a heap of the usual size is full takes long. */
const isSmall = process.argv[2] === 'small'
const cases: readonly (readonly [failure: string, stallTimeoutMs: number, poisonEvery: number])[] = isSmall ? [['leak', 0, 150]] : [['crash', 0, 90], ['loop', 2000, 150]]

for (const [failure, stallTimeoutMs, poisonEvery] of cases) {
  test(`${failure}: a batch that kills its thread costs itself and no more`, async () => {
    const { runtime, logger } = make({ poison_every: poisonEvery }, { poison: 'poison', failure }, {}, { stallTimeoutMs })
    await runtime.start()
    const poisonous = Math.floor(200 / poisonEvery) * 100
    await until(() => count(runtime, 'tapio_test_sink_events_total') + count(runtime, 'tapio_recovery_poison_events_total') >= 20_000, 'all rows')
    assert.is(count(runtime, 'tapio_recovery_poison_events_total'), poisonous)
    assert.ok(count(runtime, 'tapio_worker_stalls_total') >= (failure === 'loop' ? 2 : 0))
    assert.is((await runtime.stop()).undelivered, 0)
    // What was handed on before a death comes once more; nothing is lost.
    assert.ok(count(runtime, 'tapio_test_sink_events_total') >= 20_000 - poisonous)
    assert.is(count(runtime, 'tapio_worker_lost_events_total'), 0)
    assert.is(logger.lines.filter(l => l.message.startsWith('a batch is dropped because')).length, poisonous / 100)
  })
}

if (!isSmall) test('threads that are killed from outside blame no batch, however often it was in their hands', async () => {
  const { runtime } = make({ rows: 3000, finish: false }, {}, { rows_per_second: 3000 })
  await runtime.start()
  for (let deaths = 1; deaths <= 4; deaths++) {
    await until(() => count(runtime, 'tapio_test_sink_events_total') > 0, 'the first batch')
    await runtime.killThread('deliver')
    await until(() => runtime.health.snapshot().components.some(c => c.component === 'thread/deliver' && c.state === 'ok'), 'the successor')
  }
  await until(() => count(runtime, 'tapio_test_sink_events_total') >= 3000, 'all rows')
  assert.is(count(runtime, 'tapio_recovery_poison_events_total'), 0)
  assert.is((await runtime.stop()).undelivered, 0)
})

if (isLong && !isSmall) {
  test('leak: in a process with little memory', async () => {
    const child = fork(fileURLToPath(import.meta.url), ['small'], { execArgv: ['--max-old-space-size=128'], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    assert.equal(await once(child, 'exit'), [0, null])
  })
}

test.run()
