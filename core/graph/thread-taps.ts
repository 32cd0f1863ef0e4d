/** The taps of one thread, at its edges. An edge that nobody taps knows of none. */
import type { Clock } from '../component/clock.js'
import type { EventBatch } from '../data/batch.js'
import type { Logger } from '../telemetry/logger.js'
import type { Edge } from './edge.js'
import { edgeTest, type EdgeEnds, type TapReport, type TapSelection } from './tap.js'
import { ThreadTap } from './thread-tap.js'

export interface PlacedEdge { readonly edge: Edge, readonly ends: EdgeEnds }

export interface ThreadTapsOptions {
  readonly edges: readonly PlacedEdge[]
  readonly clock: Clock
  readonly logger: Logger
  tapped(id: number, report: TapReport): void
}

export class ThreadTaps {
  readonly #taps = new Map<number, { readonly tap: ThreadTap, readonly fits: (ends: EdgeEnds) => boolean }>()

  #edges: readonly PlacedEdge[]

  constructor (readonly options: ThreadTapsOptions) { this.#edges = options.edges }

  /** The wiring is another one. */
  setEdges (edges: readonly PlacedEdge[]): void {
    this.#edges = edges
    this.#place()
  }

  /** A second one of the same id takes the place of the first. */
  begin (id: number, selection: TapSelection): void {
    this.#taps.get(id)?.tap.end()
    const tap = new ThreadTap(selection, this.options.clock, report => this.options.tapped(id, report))
    this.#taps.set(id, { tap, fits: edgeTest(selection.edge) })
    this.#place()
  }

  read (id: number): void { this.#taps.get(id)?.tap.read() }

  end (id: number): void {
    this.#taps.get(id)?.tap.end()
    if (this.#taps.delete(id)) this.#place()
  }

  endAll (): void { for (const id of [...this.#taps.keys()]) this.end(id) }

  #place (): void {
    for (const { edge, ends } of this.#edges) {
      const here = [...this.#taps].filter(([, { fits }]) => fits(ends))
      edge.tap = here.length === 0 ? undefined : batch => { for (const [id, { tap }] of here) this.#see(id, tap, ends, batch) }
    }
  }

  /** What a tap does not cope with ends the tap, and is nothing to the pipeline. */
  #see (id: number, tap: ThreadTap, ends: EdgeEnds, batch: EventBatch): void {
    try {
      tap.see(ends, batch)
    } catch (error) {
      this.options.logger.error('a tap could not look at a batch and has ended', { edge: `${ends.from} -> ${ends.to}`, rows: batch.count, error })
      this.end(id)
      this.options.tapped(id, { rows: [], passed: 0, notShown: 0, failed: error instanceof Error ? error.message : String(error) })
    }
  }
}
