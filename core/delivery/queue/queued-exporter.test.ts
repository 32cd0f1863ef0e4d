/**
 * Scenario: an exporter behind a queue, in memory and on disk, whose other side works, is away, rejects, refuses, hangs, and comes back.
 * Guarantees: senders are answered when a batch is queued; each row is delivered, dead, or counted with its reason; on disk what was
 * not delivered in one life is delivered in the next; a stop drains until its deadline.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { defineComponent } from '../../component/factory.js'
import type { Consumer, Deadline, Exporter } from '../../component/component.js'
import { accepted, refused, rejected, retry, type Outcome } from '../../component/outcome.js'
import type { EventBatch } from '../../data/batch.js'
import { readFrames } from '../../data/read-frames.js'
import { Options } from '../../config/schema.js'
import { parseOptions } from '../../config/options.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { RecordingHost, testBench, type TestBench } from '../../testing/services.js'
import { numberOf, numberedBatch } from './testing/numbered.js'
import { withDelivery } from '../with-delivery.js'

interface Context { directory: string }
const exporters = suite<Context>('queued exporter')
exporters.before.each(context => { context.directory = mkdtempSync(join(tmpdir(), 'tapio-queued-')) })
exporters.after.each(({ directory }) => { rmSync(directory, { recursive: true, force: true }) })

class Inner implements Exporter {
  readonly got: number[] = []
  outcome: (batch: EventBatch) => Outcome | Promise<Outcome> = () => accepted
  stopped = 0
  #watchers: (() => void)[] = []

  async consume (batch: EventBatch): Promise<Outcome> {
    const outcome = await this.outcome(batch)
    if (outcome.status === 'accepted') this.got.push(numberOf(batch))
    for (const watch of this.#watchers.splice(0)) watch()
    return outcome
  }

  stop (): void { this.stopped++ }

  async until (holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => this.#watchers.push(resolve))
  }
}

interface Started { readonly inner: Inner, readonly exporter: Exporter & Required<Pick<Exporter, 'start' | 'stop'>>, readonly bench: ReturnType<typeof benchOf> }

async function start (queue: object, more: object = {}): Promise<Started> {
  const inner = new Inner()
  const factory = withDelivery(defineComponent({
    kind: 'exporter', type: 'inner', description: 'Of this test.', stability: 'stable', signals: ['events'], schema: Options({}), concurrency: 'single', metrics: [], drops: {}, create: () => inner
  }))
  const config = parseOptions(factory, { sending_queue: { enabled: true, ...queue }, ...more })
  assert.ok(config.ok, JSON.stringify(config))
  const bench = benchOf(config.value)
  const exporter = await factory.create(bench.services) as Started['exporter']
  await exporter.start(new RecordingHost())
  return { inner, exporter, bench }
}

function benchOf (config: unknown): TestBench & { readonly clock: FakeClock } {
  const clock = new FakeClock()
  return { ...testBench('exporter', 'inner', config, { clock }), clock }
}

function deadline (): { readonly deadline: Deadline, end(): void } {
  const control = new AbortController()
  return { deadline: { signal: control.signal, atMs: performance.now() + 60_000 }, end: () => { control.abort() } }
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

async function send (to: Consumer, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) assert.equal(await to.consume(numberedBatch(number)), accepted)
}

for (const where of ['memory', 'disk'] as const) {
  const queueOf = (directory: string, more: object = {}): object => ({ ...(where === 'disk' && { directory: join(directory, 'queue') }), num_consumers: 1, ...more })

  exporters(`${where}: senders are answered at once, delivery goes on behind, and a stop drains`, async ({ directory }) => {
    const { inner, exporter, bench } = await start(queueOf(directory))
    let release: () => void = () => undefined
    const gate = new Promise<void>(resolve => { release = resolve })
    inner.outcome = async () => { await gate; return accepted }
    await send(exporter, range(20))
    assert.equal(inner.got, [])
    const stopped = exporter.stop(deadline().deadline)
    assert.equal(await exporter.consume(numberedBatch(99)), refused('shutting down'))
    release()
    await stopped
    assert.equal([inner.got, inner.stopped, [...bench.drops]], [range(20), 1, []])
  })

  exporters(`${where}: what the other side cannot take now is tried again until it can`, async ({ directory }) => {
    const { inner, exporter, bench } = await start(queueOf(directory))
    let asked = 0
    inner.outcome = () => ++asked < 4 ? (asked === 2 ? refused('not now') : retry('away')) : accepted
    await send(exporter, [0, 1])
    for (let i = 1; i < 4; i++) { await inner.until(() => asked >= i); await bench.clock.advance(60_000) }
    await inner.until(() => inner.got.length === 2)
    await exporter.stop(deadline().deadline)
    assert.equal([inner.got, [...bench.drops]], [[0, 1], []])
  })

  exporters(`${where}: what is rejected for good is kept as dead letters that can be read`, async ({ directory }) => {
    const dead = join(directory, 'dead')
    const { inner, exporter, bench } = await start(queueOf(directory), { dead_letter: { directory: dead } })
    inner.outcome = batch => numberOf(batch) === 1 ? rejected('bad', 2, Uint32Array.of(0, 2)) : accepted
    await send(exporter, [0, 1, 2])
    await exporter.stop(deadline().deadline)
    assert.equal([inner.got, bench.drops.get('rejected'), bench.meter.values.get('dead_letter')], [[0, 2], 2, 2])
    const [file] = readdirSync(dead).filter(n => n.endsWith('.tapio'))
    const rows: unknown[] = []
    for await (const item of readFrames((async function * () { yield readFileSync(join(dead, file as string)) })(), 1 << 20)) {
      if (item.kind === 'batch') assert.equal(item.letter, { reason: 'bad', atMs: bench.clock.unixMs(), exporter: 'inner', rejected: 2 })
      if (item.kind === 'batch') for (let row = 0; row < item.batch.count; row++) rows.push([item.batch.at(row).get('name'), item.batch.at(row).attribute('row')])
    }
    assert.equal(rows, [['1', 0], ['1', 2]])
  })

  exporters(`${where}: a full queue asks senders to come again`, async ({ directory }) => {
    const { inner, exporter } = await start(queueOf(directory, { max_size: 65536 }))
    let release: () => void = () => undefined
    const gate = new Promise<void>(resolve => { release = resolve })
    inner.outcome = async () => { await gate; return accepted }
    let [n, outcome] = [0, accepted as Outcome]
    for (; outcome.status === 'accepted'; n++) outcome = await exporter.consume(numberedBatch(n, 50))
    assert.equal(outcome, retry('the sending queue is full', 200))
    assert.ok(n > 3)
    release()
    await exporter.stop(deadline().deadline)
    assert.equal(inner.got, range(n - 1))
  })
}

exporters('disk: what a stop could not deliver is delivered by the next life, in order', async ({ directory }) => {
  const first = await start({ directory, num_consumers: 1 })
  first.inner.outcome = () => retry('away')
  await send(first.exporter, range(5))
  const over = deadline()
  const stopped = first.exporter.stop(over.deadline)
  over.end()
  await stopped
  assert.equal([first.inner.got, [...first.bench.drops]], [[], []])
  const second = await start({ directory, num_consumers: 1 })
  await second.inner.until(() => second.inner.got.length === 5)
  await second.exporter.stop(deadline().deadline)
  assert.equal(second.inner.got, range(5))
})

exporters('memory with a place to spill: what a stop could not deliver is delivered by the next life', async ({ directory }) => {
  const spilling = { spill_directory: join(directory, 'spill'), num_consumers: 1, max_size: 65536 }
  const first = await start(spilling)
  first.inner.outcome = () => retry('away')
  await send(first.exporter, range(30))
  const over = deadline()
  const stopped = first.exporter.stop(over.deadline)
  over.end()
  await stopped
  assert.equal([first.inner.got, [...first.bench.drops], first.bench.meter.values.get('sending_queue_spilled')], [[], [], 90])
  const second = await start(spilling)
  await second.inner.until(() => second.inner.got.length === 30)
  await second.exporter.stop(deadline().deadline)
  assert.equal([...second.inner.got].sort((a, b) => a - b), range(30))
  assert.match(await start({ directory, ...spilling }).then(() => '', (error: Error) => error.message), /leave one of the two out/)
})

exporters('memory: what a stop could not deliver is counted', async () => {
  const { inner, exporter, bench } = await start({ num_consumers: 2 })
  inner.outcome = () => retry('away')
  await send(exporter, range(5))
  const over = deadline()
  const stopped = exporter.stop(over.deadline)
  over.end()
  await stopped
  assert.equal([...bench.drops], [['shutdown', 15]])
})

exporters('memory: given up after max_elapsed_time, on disk it waits', async ({ directory }) => {
  const retryOptions = { enabled: true, initial_interval: 1000, max_interval: 1000, max_elapsed_time: 5000, multiplier: 1, randomization_factor: 0 }
  for (const [queue, expected] of [[{}, [['retries_exhausted', 3]]], [{ directory }, []]] as const) {
    const inner = new Inner()
    const config = { sending_queue: { enabled: true, num_consumers: 1, max_size: 1 << 20, max_age: 0, when_full: 'refuse', fsync: 'never', fsync_interval: 1000, ...queue }, dead_letter: { max_size: 1 << 20 }, retry_on_failure: retryOptions }
    const bench = benchOf(config)
    const { QueuedExporter } = await import('./queued-exporter.js')
    const exporter = new QueuedExporter(inner, bench.services)
    let asked = 0
    inner.outcome = () => { asked++; return retry('away') }
    await exporter.start(new RecordingHost())
    await send(exporter, [0])
    for (let i = 1; i <= 5; i++) { await inner.until(() => asked >= i); await bench.clock.advance(1000) }
    const over = deadline()
    const stopped = exporter.stop(over.deadline)
    over.end()
    await stopped
    assert.equal([...bench.drops], expected)
  }
})

exporters('disk: a directory that cannot be used ends the start with its name', async ({ directory }) => {
  const { exporter } = await start({ directory })
  const fault = await start({ directory }).then(() => '', (error: Error) => error.message)
  assert.match(fault, new RegExp(`${directory} is in use by process ${process.pid}`))
  await exporter.stop(deadline().deadline)
})

exporters.run()
