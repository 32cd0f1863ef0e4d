/**
 * Components for tests and benchmarks of the runtime itself: a source of columnar batches at a given rate, a processor
 * that can be made to misbehave, and a sink that counts. Not part of the product's catalog.
 */
import { threadId } from 'node:worker_threads'
import { Type, type Static } from '@sinclair/typebox'
import type { Consumer, Exporter, Host, Processor, Receiver } from '../component/component.js'
import { defineComponent, type ComponentFactory } from '../component/factory.js'
import { accepted, retry, type Outcome } from '../component/outcome.js'
import { answerer } from '../component/questions.js'
import { emptyBatch, type EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { EventIds } from '../data/ids.js'
import type { Counter, Histogram, MetricDeclaration } from '../telemetry/meter.js'
import { templateBatch } from './template-batch.js'

const signals = ['traces', 'metrics', 'logs', 'profiles', 'events'] as const

const sourceSchema = Type.Object({
  rows: Type.Integer({ default: 1000, description: 'Rows to send in all.' }),
  batch_rows: Type.Integer({ default: 100, description: 'Rows a batch.' }),
  rows_per_second: Type.Number({ default: 0, description: 'Pace; 0 = as fast as it is taken.' }),
  fresh_ids: Type.Boolean({ default: false, description: 'Give each event an id of its own; else each batch has the ids of the first.' }),
  poison_every: Type.Integer({ default: 0, description: 'The rows of every n-th batch are named `poison`; 0 = of none.' }),
  finish: Type.Boolean({ default: true, description: 'Ask for the end of the process when all rows are sent.' })
}, { additionalProperties: false })

const sinkLatency: MetricDeclaration = {
  name: 'test_sink_latency', kind: 'histogram', unit: 'seconds', description: 'From the time stamped by the source to the sink.',
  bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5]
}
const sinkRows: MetricDeclaration = { name: 'test_sink', kind: 'counter', unit: 'events', description: 'Rows the sink took.' }
const sourceRefused: MetricDeclaration = { name: 'test_source_refused', kind: 'counter', unit: 'events', description: 'Rows given up after `retry`.' }

/** Sends the same columns again and again with new times; the wall clock stamp makes end-to-end latency measurable. */
class Source implements Receiver {
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor (readonly config: Static<typeof sourceSchema>, readonly next: Consumer, readonly refusedRows: Counter) {}

  start (host: Host): void { this.#running = this.#run(host) }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run (host: Host): Promise<void> {
    const { rows, batch_rows: batchRows, rows_per_second: rate, fresh_ids: freshIds, poison_every: poisonEvery, finish } = this.config
    const template = templateBatch(batchRows)
    const ids = freshIds ? new EventIds() : undefined
    const startedMs = performance.now()
    for (let sent = 0; sent < rows && !this.#stopped; sent += batchRows) {
      if (rate > 0) await this.#until(startedMs + sent / rate * 1000)
      const isPoison = poisonEvery > 0 && (sent / batchRows + 1) % poisonEvery === 0
      await this.#send(stamped(isPoison ? poisonous(batchRows) : template, Math.min(batchRows, rows - sent), ids), rate > 0)
      if (sent / batchRows % 64 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    if (finish && !this.#stopped) host.finish('all rows are sent')
  }

  /** A paced source stands for clients who do not wait: what is not taken at once is refused, and counted. */
  async #send (batch: EventBatch, once: boolean): Promise<void> {
    for (;;) {
      const outcome = await this.next.consume(batch)
      if (outcome.status !== 'retry') return
      if (once || this.#stopped) { this.refusedRows.add(batch.count); return }
    }
  }

  #until (atMs: number): Promise<void> {
    const waitMs = atMs - performance.now()
    return waitMs <= 0 ? Promise.resolve() : new Promise(resolve => setTimeout(resolve, waitMs))
  }
}

function poisonous (rows: number): EventBatch {
  const builder = new BatchBuilder(rows)
  for (let i = 0; i < rows; i++) builder.append({ name: 'poison' })
  return builder.finish()
}

function stamped (template: EventBatch, rows: number, ids: EventIds | undefined): EventBatch {
  let batch = template.slice(0, rows)
  if (ids !== undefined) {
    const column = new Uint8Array(rows * 16)
    ids.fill(column, 0, rows)
    batch = batch.withColumn('id', column)
  }
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
  return batch.withColumn('timeUnixNano', new BigUint64Array(rows).fill(now))
}

const sinkSchema = Type.Object({
  rows_per_second: Type.Number({ default: 0, description: 'Takes at most this; 0 = everything at once.' }),
  retry_every: Type.Integer({ default: 0, description: 'Answers `retry` to every n-th batch; 0 = never.' })
}, { additionalProperties: false })

class Sink implements Exporter {
  #batches = 0
  #freeAtMs = 0
  constructor (readonly config: Static<typeof sinkSchema>, readonly rows: Counter, readonly latency: Histogram) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const { rows_per_second: rate, retry_every: every } = this.config
    if (every > 0 && ++this.#batches % every === 0) return retry('the sink was told to', 1)
    if (rate > 0) return this.#slowly(batch, rate)
    return this.#take(batch)
  }

  #take (batch: EventBatch): Outcome {
    this.rows.add(batch.count)
    const sentMs = Number(batch.columns.timeUnixNano[batch.count - 1]) / 1e6
    this.latency.record(Math.max(0, performance.timeOrigin + performance.now() - sentMs) / 1000)
    return accepted
  }

  async #slowly (batch: EventBatch, rate: number): Promise<Outcome> {
    const nowMs = performance.now()
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + batch.count / rate * 1000
    await new Promise(resolve => setTimeout(resolve, this.#freeAtMs - nowMs))
    return this.#take(batch)
  }
}

const holdSchema = Type.Object({
  throw_at: Type.Integer({ default: 0, description: 'Throws at the n-th batch; 0 = never.' }),
  exit_at: Type.Integer({ default: 0, description: 'Ends its thread at the n-th batch; 0 = never.' }),
  fail_start: Type.Boolean({ default: false, description: 'Does not start.' }),
  hold: Type.Boolean({ default: false, description: 'Keeps batches until it is stopped.' }),
  throw_every: Type.Integer({ default: 0, description: 'Throws at every n-th batch; 0 = never.' }),
  fail_from: Type.Integer({ default: 0, description: 'The n-th batch of its life and all later ones are met with `failure`; 0 = none.' }),
  poison: Type.String({ default: '', description: 'A batch with a row of this name is met with `failure`; empty = none.' }),
  failure: Type.Union([Type.Literal('throw'), Type.Literal('reject'), Type.Literal('never'), Type.Literal('block'), Type.Literal('loop'), Type.Literal('leak'), Type.Literal('crash')], { default: 'throw', description: 'Throws, rejects its promise, never answers, blocks for `block_ms`, loops for ever, takes all memory, throws outside of the call.' }),
  block_ms: Type.Number({ default: 0, description: 'For `block`.' })
}, { additionalProperties: false })

class Misbehaving implements Processor {
  #batches = 0
  #held: EventBatch[] = []
  constructor (readonly config: Static<typeof holdSchema>, readonly next: Consumer) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    this.#batches++
    if (this.#batches === this.config.throw_at) throw new Error('told to throw')
    // eslint-disable-next-line no-restricted-properties -- ending a worker thread is what this processor is for
    if (this.#batches === this.config.exit_at) process.exit(9)
    const { fail_from: failFrom, throw_every: throwEvery } = this.config
    if (throwEvery > 0 && this.#batches % throwEvery === 0) throw new Error('told to throw')
    if ((failFrom > 0 && this.#batches >= failFrom) || this.#isPoison(batch)) return this.#fail(batch)
    if (!this.config.hold) return this.next.consume(batch)
    this.#held.push(batch)
    return accepted
  }

  #isPoison (batch: EventBatch): boolean {
    const { poison } = this.config
    return poison !== undefined && poison !== '' && [...batch].some(row => row.get('name') === poison)
  }

  #fail (batch: EventBatch): Outcome | Promise<Outcome> {
    switch (this.config.failure) {
      case 'reject': return Promise.reject(new Error('told to reject'))
      case 'never': return new Promise(() => undefined)
      case 'block': { const untilMs = performance.now() + this.config.block_ms; while (performance.now() < untilMs); return this.next.consume(batch) }
      case 'loop': for (;;);
      case 'leak': { const kept: unknown[] = []; for (;;) kept.push(new Array(1000).fill(kept.length)) }
      case 'crash': setImmediate(() => { throw new Error('told to crash') }); return new Promise(() => undefined)
      default: throw new Error('told to throw')
    }
  }

  start (): void {
    if (this.config.fail_start) throw new Error('told not to start')
  }

  async stop (): Promise<void> {
    for (const batch of this.#held.splice(0)) await this.next.consume(batch)
  }
}

const oracleSchema = Type.Object({
  answer: Type.Union([Type.Literal('well'), Type.Literal('throws'), Type.Literal('never'), Type.Literal('unsendable'), Type.Literal('exits')], { default: 'well', description: 'How it answers.' })
}, { additionalProperties: false })

/** Passes rows on, and answers: with the number of its thread, or with how many bytes it was given. */
class Oracle implements Processor {
  constructor (readonly config: Static<typeof oracleSchema>, readonly next: Consumer) {}

  readonly answer = answerer({
    'store.directory': () => this.#answer(String(threadId)),
    'events.submit': document => this.#answer({ status: 'accepted', rejected: document.length, reason: '', retryAfterMs: 0 })
  })

  consume (batch: EventBatch): Outcome | Promise<Outcome> { return this.next.consume(batch) }

  #answer<T> (well: T): T | Promise<T> {
    switch (this.config.answer) {
      case 'well': return well
      case 'throws': throw new Error('told to throw')
      case 'never': return new Promise<T>(() => undefined)
      case 'unsendable': return (() => undefined) as T
      // eslint-disable-next-line no-restricted-properties -- ending a worker thread when it is asked is what this answer is for
      case 'exits': return process.exit(9)
    }
  }
}

export const testSource = defineComponent({
  kind: 'receiver', type: 'test_source', description: 'Sends made-up events.', stability: 'stable', signals, schema: sourceSchema, concurrency: 'single', metrics: [sourceRefused], drops: {},
  create: s => new Source(s.get('config') as Static<typeof sourceSchema>, s.get('next'), s.get('meter').counter(sourceRefused))
})

/** The same, asking for the exporters' own answers. */
export const testAckedSource = defineComponent({ ...testSource, type: 'test_source_acked', endToEnd: true })

export const testSink = defineComponent({
  kind: 'exporter', type: 'test_sink', description: 'Counts what it gets.', stability: 'stable', signals, schema: sinkSchema, concurrency: 'single', metrics: [sinkRows, sinkLatency], drops: {},
  create: s => new Sink(s.get('config') as Static<typeof sinkSchema>, s.get('meter').counter(sinkRows), s.get('meter').histogram(sinkLatency))
})

export const testMisbehaving = defineComponent({
  kind: 'processor', type: 'test_misbehaving', description: 'Throws, exits or holds on demand.', stability: 'stable', signals, schema: holdSchema, concurrency: 'stateless', isolates: 'learns', metrics: [], drops: {},
  create: s => new Misbehaving(s.get('config') as Static<typeof holdSchema>, s.get('next'))
})

export const testOracle = defineComponent({
  kind: 'processor', type: 'test_oracle', description: 'Answers on demand.', stability: 'stable', signals, schema: oracleSchema, concurrency: 'stateless', metrics: [], drops: {},
  answers: ['store.directory', 'events.submit'],
  create: s => new Oracle(s.get('config') as Static<typeof oracleSchema>, s.get('next'))
})

export const testForward = defineComponent({
  kind: 'connector', type: 'test_forward', description: 'Passes on to every pipeline it starts.', stability: 'stable', signals, schema: Type.Object({}), concurrency: 'stateless', metrics: [], drops: {},
  create: s => { const next = s.get('next'); return { consume: (batch: EventBatch) => next.consume(batch.count === 0 ? emptyBatch : batch) } }
})

export const components: readonly ComponentFactory[] = [testSource, testAckedSource, testSink, testMisbehaving, testOracle, testForward]
