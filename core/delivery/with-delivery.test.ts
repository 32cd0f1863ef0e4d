/**
 * Scenario: an exporter with a circuit breaker, alone and behind a queue, whose other side fails for a while.
 * Guarantees: while the breaker is open nobody asks the other side, senders are told when to come again, and nothing is lost; it is
 * seen in status and metrics; the exporter itself does not retry then; what is no exporter is left as it is.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineComponent } from '../component/factory.js'
import type { Consumer, Exporter } from '../component/component.js'
import { accepted, retry } from '../component/outcome.js'
import { Options } from '../config/schema.js'
import { parseOptions } from '../config/options.js'
import { FakeClock } from '../testing/fake-clock.js'
import { RecordingHost, testBench, deadlineIn } from '../testing/services.js'
import { retryOnFailure } from './retry-on-failure.js'
import { numberOf, numberedBatch } from './queue/testing/numbered.js'
import { withDelivery } from './with-delivery.js'

const delivery = suite('delivery')

class Backend implements Exporter {
  readonly got: number[] = []
  asked = 0
  fails = false
  #watchers: (() => void)[] = []

  consume (batch: Parameters<Consumer['consume']>[0]) {
    this.asked++
    if (!this.fails) this.got.push(numberOf(batch))
    for (const watch of this.#watchers.splice(0)) watch()
    return this.fails ? retry('away', 10) : accepted
  }

  async until (holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#watchers.push(resolve))
  }
}

async function start (options: object) {
  const backend = new Backend()
  const configs: unknown[] = []
  const factory = withDelivery(defineComponent({
    kind: 'exporter', type: 'backend', description: 'Of this test.', stability: 'stable', signals: ['events'], schema: Options({ retry_on_failure: retryOnFailure }), concurrency: 'single', metrics: [], drops: {},
    create: services => { configs.push(services.get('config')); return backend }
  }))
  const config = parseOptions(factory, options)
  assert.ok(config.ok, JSON.stringify(config))
  const clock = new FakeClock()
  const bench = testBench('exporter', 'backend', config.value, { clock })
  const exporter = await factory.create(bench.services) as Exporter
  await exporter.start?.(new RecordingHost())
  return { backend, exporter, bench, clock, inner: configs[0] as { retry_on_failure: { enabled: boolean } } }
}

delivery('without any of it the exporter is the exporter', async () => {
  const { backend, exporter, inner } = await start({})
  assert.is(exporter, backend)
  assert.is(inner.retry_on_failure.enabled, true)
})

delivery('an open breaker turns away at once and says when to come again', async () => {
  const { backend, exporter, bench, clock, inner } = await start({ circuit_breaker: { enabled: true, consecutive_failures: 3, open: '20s', half_open_calls: 1 } })
  assert.is(inner.retry_on_failure.enabled, false)
  backend.fails = true
  for (let i = 0; i < 3; i++) assert.equal(await exporter.consume(numberedBatch(i)), retry('away', 10))
  assert.equal(await exporter.consume(numberedBatch(3)), retry('the circuit breaker is open: the other side failed', 20_000))
  assert.is(backend.asked, 3)
  assert.equal([bench.status.events, bench.meter.values.get('circuit_breaker_state'), bench.meter.values.get('circuit_breaker_turned_away')],
    [['recoverable: the circuit breaker is open: 3 calls in a row failed'], 2, 3])
  backend.fails = false
  await clock.advance(20_000)
  assert.equal(await exporter.consume(numberedBatch(4)), accepted)
  assert.equal([bench.status.events.at(-1), bench.meter.values.get('circuit_breaker_state'), backend.got], ['ok', 0, [4]])
})

delivery('behind a queue nothing is lost while the breaker is open, and few calls find out that it may close', async () => {
  const { backend, exporter, bench, clock } = await start({
    sending_queue: { enabled: true, num_consumers: 1 }, circuit_breaker: { enabled: true, consecutive_failures: 2, open: '10s', half_open_calls: 1 },
    retry_on_failure: { initial_interval: '1s', max_interval: '1s', randomization_factor: 0, max_elapsed_time: 0 }
  })
  backend.fails = true
  for (let i = 0; i < 5; i++) assert.equal(await exporter.consume(numberedBatch(i)), accepted)
  await backend.until(() => backend.asked === 1)
  await clock.advance(60_000)
  assert.ok(backend.asked <= 2 + 6, `${backend.asked} calls in a minute`)
  backend.fails = false
  await clock.advance(20_000)
  await backend.until(() => backend.got.length === 5)
  await exporter.stop?.(deadlineIn(5000))
  assert.equal([backend.got, [...bench.drops]], [[0, 1, 2, 3, 4], []])
})

delivery('what is no exporter is left as it is, and an exporter is wrapped once', () => {
  const processor = defineComponent({ kind: 'processor', type: 'p', description: '', stability: 'stable', signals: [], schema: Options({}), concurrency: 'single', metrics: [], drops: {}, create: () => new Backend() })
  assert.is(withDelivery(processor), processor)
  const once = withDelivery(defineComponent({ ...processor, kind: 'exporter', type: 'e' }))
  assert.is(withDelivery(once), once)
})

delivery.run()
