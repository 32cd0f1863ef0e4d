/**
 * Test-only components, loaded beside Tapio's own by tapio.ts: a source that reads a made-up log by a cursor it saves, as a journal
 * or watch receiver does, and a store that recognises event ids. Both live in files, so that they outlive a kill.
 */
import { existsSync, openSync, readFileSync, renameSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { Type, type Static } from '@sinclair/typebox'
import type { Consumer, Exporter, Host, Receiver } from '../../core/component/component.js'
import { defineComponent, type ComponentFactory } from '../../core/component/factory.js'
import { accepted, retry, type Outcome } from '../../core/component/outcome.js'
import { Options } from '../../core/config/schema.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { EventIds } from '../../core/data/ids.js'

const prefix = new Uint8Array(8).fill(0x5a)

/** Event `n` has the same id whenever it is read. */
function eventsFrom (n: number, rows: number): EventBatch {
  const builder = new BatchBuilder(rows)
  for (let row = 0; row < rows; row++) builder.append({ name: 'line', message: `line ${n + row} of the log` })
  const ids = new Uint8Array(rows * 16)
  new EventIds(prefix, n).fill(ids, 0, rows)
  return builder.finish().withColumn('id', ids)
}

function numbersOf ({ columns, count }: EventBatch): number[] {
  const { id } = columns
  if (id === undefined) throw new Error('events came without ids')
  const view = new DataView(id.buffer, id.byteOffset, id.byteLength)
  return Array.from({ length: count }, (_, row) => view.getUint32(row * 16 + 12))
}

const sourceSchema = Options({
  cursor: Type.String({ description: 'File that holds the number of the next event whose outcome is not known.' }),
  rows: Type.Integer({ description: 'Events in the log.' }),
  batch_rows: Type.Integer({ default: 200, description: 'Events a batch.' }),
  in_flight: Type.Integer({ default: 6, description: 'Batches on their way at once.' })
})

class CursorSource implements Receiver {
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor (readonly config: Static<typeof sourceSchema>, readonly next: Consumer) {}

  start (host: Host): void { this.#running = this.#run(host) }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** The cursor moves when all before it have been acknowledged, so it never passes what is not delivered. */
  async #run (host: Host): Promise<void> {
    const { cursor, rows, batch_rows: batchRows, in_flight: width } = this.config
    let next = existsSync(cursor) ? Number(readFileSync(cursor, 'utf8')) : 0
    const line: { readonly end: number, readonly done: Promise<boolean> }[] = []
    for (;;) {
      while (line.length < width && next < rows && !this.#stopped) {
        const count = Math.min(batchRows, rows - next)
        line.push({ end: next + count, done: this.#send(eventsFrom(next, count)) })
        next += count
      }
      const first = line.shift()
      if (first === undefined) break
      if (!await first.done) { await Promise.all(line.map(l => l.done)); return }
      writeFileSync(`${cursor}.new`, String(first.end))
      renameSync(`${cursor}.new`, cursor)
    }
    if (!this.#stopped) host.finish('the log has been read')
  }

  async #send (batch: EventBatch): Promise<boolean> {
    for (;;) {
      const outcome = await this.next.consume(batch)
      if (outcome.status === 'accepted') return true
      if (outcome.status === 'rejected') throw new Error(`the pipeline rejected ${outcome.count} events: ${outcome.reason}`)
      if (this.#stopped || outcome.status === 'refused') return false
      await new Promise(resolve => setTimeout(resolve, outcome.afterMs ?? 10))
    }
  }
}

const storeSchema = Options({
  path: Type.String({ description: 'A line an event: its number, with `=` in front when it was there already.' }),
  retry_every: Type.Integer({ default: 0, description: 'Answers `retry` to every n-th batch; 0 = never.' }),
  die_at: Type.Integer({ default: 0, description: 'Kills its process at the n-th batch, after writing it and before answering; 0 = never.' })
})

/** Stores each event once; tells which came again. */
class IdStore implements Exporter {
  readonly #seen = new Set<number>()
  #fd = -1
  #batches = 0

  constructor (readonly config: Static<typeof storeSchema>) {}

  start (): void {
    const { path } = this.config
    const text = existsSync(path) ? readFileSync(path, 'latin1') : ''
    const whole = text.lastIndexOf('\n') + 1
    if (whole < text.length) truncateSync(path, whole)
    for (const line of text.slice(0, whole).split('\n')) if (line !== '') this.#seen.add(Number(line.replace('=', '')))
    this.#fd = openSync(path, 'a')
  }

  consume (batch: EventBatch): Outcome {
    const { retry_every: every, die_at: last } = this.config
    this.#batches++
    if (every > 0 && this.#batches % every === 0) return retry('the store was told to', 1)
    const lines = numbersOf(batch).map(n => this.#seen.has(n) ? `=${n}\n` : (this.#seen.add(n), `${n}\n`))
    writeSync(this.#fd, lines.join(''))
    if (this.#batches === last) process.kill(process.pid, 'SIGKILL')
    return accepted
  }
}

export const components: readonly ComponentFactory[] = [
  defineComponent({
    kind: 'receiver', type: 'cursor_source', description: 'Reads a made-up log by a saved cursor.', stability: 'development', signals: ['events'], schema: sourceSchema, concurrency: 'single', metrics: [], drops: {},
    create: services => new CursorSource(services.get('config') as Static<typeof sourceSchema>, services.get('next'))
  }),
  defineComponent({
    kind: 'exporter', type: 'id_store', description: 'Stores each event once, by its id.', stability: 'development', signals: ['events'], schema: storeSchema, concurrency: 'single', metrics: [], drops: {},
    create: services => new IdStore(services.get('config') as Static<typeof storeSchema>)
  })
]
