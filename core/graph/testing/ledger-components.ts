/**
 * Components that keep books in files, so that a test sees what every thread and every life of them did: which rows a client was told
 * are accepted, which rows arrived, who started and stopped, and whether anything was given to a component that had stopped.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, openSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import type { Component, Consumer, Exporter, Processor, Receiver } from '../../component/component.js'
import { defineComponent, type ComponentFactory } from '../../component/factory.js'
import { accepted, retry, type Outcome } from '../../component/outcome.js'
import { answerer } from '../../component/questions.js'
import type { Services } from '../../component/services.js'
import { emptyBatch, type EventBatch } from '../../data/batch.js'
import { EventIds } from '../../data/ids.js'
import { wait } from '../../delivery/insist.js'
import { templateBatch } from '../../testing/template-batch.js'

const signals = ['traces', 'metrics', 'logs', 'profiles', 'events'] as const

const booksOptions = {
  directory: Type.String({ description: 'Of the books.' }),
  note: Type.String({ default: '', description: 'Makes one configuration differ from another.' }),
  lock: Type.String({ default: '', description: 'A file that only one component may have open.' }),
  fail: Type.Union([Type.Literal(''), Type.Literal('create'), Type.Literal('start')], { default: '', description: 'What it fails at.' })
}

interface BooksConfig { readonly directory: string, readonly note: string, readonly lock: string, readonly fail: string }

/** Who started and stopped, a line each, and the lock that stands for a port. */
class Books implements Component {
  #stopped = false
  #locked = false

  constructor (readonly name: string, readonly config: BooksConfig) {
    if (config.fail === 'create') throw new Error('told not to be created')
  }

  write (book: string, entry: string | Uint8Array): void { appendFileSync(join(this.config.directory, book), entry) }

  start (): void {
    if (this.config.fail === 'start') throw new Error('told not to start')
    if (this.config.lock !== '') {
      closeSync(openSync(this.config.lock, 'wx'))
      this.#locked = true
    }
    this.write('life', `${this.name} starts ${this.config.note}\n`)
  }

  stop (): void {
    if (this.#stopped) return
    this.#stopped = true
    if (this.#locked) unlinkSync(this.config.lock)
    this.write('life', `${this.name} stops ${this.config.note}\n`)
  }

  met (): void { if (this.#stopped) this.write('life', `${this.name} is given rows after its stop\n`) }
}

const clientSchema = Type.Object({
  ...booksOptions,
  batch_rows: Type.Integer({ default: 20, description: 'Rows a batch.' }),
  lanes: Type.Integer({ default: 4, description: 'Batches it has on their way at once.' }),
  pause_ms: Type.Number({ default: 2, description: 'Between two batches of a lane.' })
}, { additionalProperties: false })

/** Clients that keep a batch until they are told that it is accepted. */
class Client implements Receiver {
  readonly #books: Books
  readonly #next: Consumer
  readonly #ids = new EventIds(randomBytes(8), 0)
  readonly #template: EventBatch
  readonly #stop = new AbortController()
  #lanes: Promise<void>[] = []

  constructor (readonly config: Static<typeof clientSchema>, readonly services: Services) {
    this.#books = new Books(`receiver/${services.get('id').text}`, config)
    this.#next = services.get('next')
    this.#template = templateBatch(config.batch_rows)
  }

  start (): void {
    this.#books.start()
    this.#lanes = Array.from({ length: this.config.lanes }, () => this.#run())
  }

  async stop (): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#lanes)
    this.#books.stop()
  }

  async #run (): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const ids = new Uint8Array(this.#template.count * 16)
      this.#ids.fill(ids, 0, this.#template.count)
      const batch = this.#template.withColumn('id', ids)
      for (;;) {
        const outcome = await this.#next.consume(batch)
        this.#books.write('outcomes', `${outcome.status}\n`)
        if (outcome.status === 'accepted') { this.#books.write('accepted', ids); break }
        if (outcome.status === 'rejected') throw new Error(outcome.reason)
        if (!await wait(outcome.status === 'retry' ? outcome.afterMs ?? 1 : 5, this.services.get('clock'), signal)) return
      }
      await wait(this.config.pause_ms, this.services.get('clock'), signal)
    }
  }
}

const sinkSchema = Type.Object({
  ...booksOptions,
  retry: Type.Boolean({ default: false, description: 'Answers `retry` to everything.' }),
  slow_ms: Type.Number({ default: 0, description: 'Answers so late.' })
}, { additionalProperties: false })

class LedgerSink implements Exporter {
  readonly #books: Books

  constructor (readonly config: Static<typeof sinkSchema>, readonly services: Services) { this.#books = new Books(`exporter/${services.get('id').text}`, config) }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    this.#books.met()
    if (this.config.retry) return retry('the sink was told to', 5)
    return this.config.slow_ms > 0 ? wait(this.config.slow_ms, this.services.get('clock'), new AbortController().signal).then(() => this.#take(batch)) : this.#take(batch)
  }

  start (): void { this.#books.start() }
  stop (): void { this.#books.stop() }

  #take (batch: EventBatch): Outcome {
    this.#books.write(`delivered.${this.services.get('id').text.replace('/', '_')}`, batch.columns.id as Uint8Array)
    return accepted
  }
}

const passSchema = Type.Object({
  ...booksOptions,
  hold: Type.Boolean({ default: false, description: 'Keeps batches until it is stopped.' }),
  slow_ms: Type.Number({ default: 0, description: 'Passes on so late.' })
}, { additionalProperties: false })

/** Counts what it has seen, and answers with it: that is its state. */
class Pass implements Processor {
  readonly #books: Books
  readonly #held: EventBatch[] = []
  #seen = 0

  constructor (readonly config: Static<typeof passSchema>, readonly next: Consumer, readonly services: Services) { this.#books = new Books(`processor/${services.get('id').text}`, config) }

  readonly answer = answerer({ 'store.directory': () => String(this.#seen) })

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    this.#books.met()
    this.#seen += batch.count
    if (this.config.hold) { this.#held.push(batch); return accepted }
    if (this.config.slow_ms === 0) return this.next.consume(batch)
    return wait(this.config.slow_ms, this.services.get('clock'), new AbortController().signal).then(() => this.next.consume(batch))
  }

  start (): void { this.#books.start() }

  async stop (): Promise<void> {
    for (const batch of this.#held.splice(0)) {
      for (let outcome = await this.next.consume(batch); outcome.status === 'retry'; outcome = await this.next.consume(batch)) await wait(1, this.services.get('clock'), new AbortController().signal)
    }
    this.#books.stop()
  }
}

const common = { stability: 'stable', signals, metrics: [], drops: {} } as const

export const ledgerClient = defineComponent({
  ...common, kind: 'receiver', type: 'ledger_client', description: 'Sends rows of its own until it is stopped.', schema: clientSchema, concurrency: 'single',
  create: s => new Client(s.get('config') as Static<typeof clientSchema>, s)
})

export const ledgerSink = defineComponent({
  ...common, kind: 'exporter', type: 'ledger_sink', description: 'Writes down which rows came.', schema: sinkSchema, concurrency: 'single',
  create: s => new LedgerSink(s.get('config') as Static<typeof sinkSchema>, s)
})

export const ledgerPass = defineComponent({
  ...common, kind: 'processor', type: 'ledger_pass', description: 'Passes rows on.', schema: passSchema, concurrency: 'stateless', answers: ['store.directory'],
  create: s => new Pass(s.get('config') as Static<typeof passSchema>, s.get('next'), s)
})

export const ledgerEarly = defineComponent({ ...ledgerPass, type: 'ledger_early', light: true })

export const ledgerSharing = defineComponent({ ...ledgerPass, type: 'ledger_sharing', shares: true })

export const ledgerForward = defineComponent({
  ...common, kind: 'connector', type: 'ledger_forward', description: 'Passes on to every pipeline it starts.', schema: passSchema, concurrency: 'stateless',
  create: s => {
    const books = new Books(`connector/${s.get('id').text}`, s.get('config') as BooksConfig)
    const next = s.get('next')
    return { start: () => books.start(), stop: () => books.stop(), consume: (batch: EventBatch) => { books.met(); return next.consume(batch.count === 0 ? emptyBatch : batch) } }
  }
})

export const components: readonly ComponentFactory[] = [ledgerClient, ledgerSink, ledgerPass, ledgerEarly, ledgerSharing, ledgerForward]
