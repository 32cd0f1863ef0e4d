/** The taps of a running graph, over all its threads. Whoever reads one holds a few reports of each thread and no more. */
import type { Logger } from '../telemetry/logger.js'
import type { ThreadHandle } from '../threads/thread-handle.js'
import { decodeBatch } from '../data/decode.js'
import { edgesOf } from './edges-of.js'
import type { Plan } from './plan.js'
import { TapRefused, edgeTest, type TapReport, type TapSelection, type Tapped } from './tap.js'

export const maxTaps = 32
/** Edges named to somebody who named none. */
const shownEdges = 12

export interface TapsOptions {
  plan(): Plan
  readonly logger: Logger
  threads(): readonly ThreadHandle[]
}

interface Reader { readonly selection: TapSelection, readonly reports: { readonly thread: string, readonly report: TapReport }[], wake: () => void, isOver: boolean }

export class Taps {
  readonly #readers = new Map<number, Reader>()
  #nextId = 0
  #isOver = false

  constructor (readonly options: TapsOptions) {}

  /** Begins with the first question for an item, which rejects with `TapRefused` when there can be no such tap. */
  async * tap (selection: TapSelection, signal: AbortSignal): AsyncGenerator<Tapped, void, undefined> {
    for await (const report of this.reports(selection, signal)) yield this.#opened(report)
  }

  /** The same for a reader in another thread: batches stay documents. */
  async * reports (selection: TapSelection, signal: AbortSignal): AsyncGenerator<TapReport, void, undefined> {
    if (signal.aborted) return
    this.#check(selection)
    const id = this.#nextId++
    const reader: Reader = { selection, reports: [], wake: () => undefined, isOver: false }
    const over = (): void => { reader.isOver = true; reader.wake() }
    this.#readers.set(id, reader)
    signal.addEventListener('abort', over, { once: true })
    for (const thread of this.options.threads()) thread.tap(id, selection)
    try {
      for (;;) {
        const next = taken(reader)
        if (next !== undefined) {
          this.options.threads().find(t => t.thread === next.thread)?.tapRead(id)
          yield next.report
        } else if (reader.isOver) return
        else await new Promise<void>(resolve => { reader.wake = resolve })
      }
    } finally {
      signal.removeEventListener('abort', over)
      this.#readers.delete(id)
      for (const thread of this.options.threads()) thread.untap(id)
    }
  }

  /** A thread is there from now on. */
  joined (thread: ThreadHandle): void { for (const [id, { selection }] of this.#readers) thread.tap(id, selection) }

  /** From a thread; of a tap that has ended meanwhile it is forgotten. */
  tapped (thread: string, id: number, report: TapReport): void {
    const reader = this.#readers.get(id)
    reader?.reports.push({ thread, report })
    reader?.wake()
  }

  /** Readers still get what has been reported. */
  endAll (): void {
    this.#isOver = true
    for (const reader of this.#readers.values()) { reader.isOver = true; reader.wake() }
  }

  #check ({ edge }: TapSelection): void {
    if (this.#isOver || this.options.threads().length === 0) throw new TapRefused('gone', 'the graph does not run: there is nothing to tap')
    if (this.#readers.size >= maxTaps) throw new TapRefused('too_many', `${maxTaps} taps are open already: end one of them`)
    const edges = edgesOf(this.options.plan())
    if (edges.some(edgeTest(edge))) return
    const names = [...new Set(edges.map(e => `${e.from} -> ${e.to}`))]
    const more = names.length > shownEdges ? `, and ${names.length - shownEdges} more` : ''
    throw new TapRefused('no_edge', `no edge is called "${edge}"; there are ${names.slice(0, shownEdges).join(', ')}${more}`)
  }

  #opened ({ rows, passed, notShown }: TapReport): Tapped {
    let lost = 0
    const opened = rows.flatMap(({ document, ...ends }) => {
      const decoded = decodeBatch(document, true)
      if (decoded.ok) return [{ ...ends, batch: decoded.batch }]
      this.options.logger.error('a tapped batch cannot be read', { ...ends, reason: decoded.error })
      lost++
      return []
    })
    return { rows: opened, passed, notShown: notShown + lost }
  }
}

/** The oldest report. Throws when it says that a thread has given up. */
function taken ({ reports }: Reader): Reader['reports'][number] | undefined {
  const next = reports.shift()
  if (next?.report.failed !== undefined) throw new Error(`a tap could not look at what passed: ${next.report.failed}`)
  return next
}
