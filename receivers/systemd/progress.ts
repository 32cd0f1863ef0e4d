/**
 * How far both sources have come, as it may be saved: the journal's position and what was told, up to the first batch that the pipeline has
 * not answered for. A twin that is dropped now stands behind the batch its other half is in, so that a kill brings back both or neither.
 */
import { Watermark } from '../../core/delivery/watermark.js'
import { Pairs, type FactSource } from './pairs.js'
import type { State } from './state.js'

/** What one source tells at once. */
export interface Piece {
  /** As of `Pairs`. */
  first(key: string, source: FactSource): number
  /** The pipeline has taken it, or it was nothing to tell; the journal: what was read up to `cursor`. */
  done(cursor?: string): void
}

type Fact = readonly [key: string, source: FactSource]

export class Progress {
  /** What decides: all that was told, settled or not. */
  readonly #live: Pairs
  readonly #settled: Pairs
  #cursor: string | undefined
  /** Changed since it was last taken. */
  isDirty = false
  readonly #watermark = new Watermark<{ readonly facts: readonly Fact[], readonly cursor: string | undefined }>(({ facts, cursor }) => {
    for (const [key, source] of facts) this.#settled.first(key, source)
    this.#cursor = cursor ?? this.#cursor
    this.isDirty ||= facts.length > 0 || cursor !== undefined
  })

  constructor ({ cursor, pairs }: State) {
    this.#cursor = cursor
    this.#live = new Pairs(pairs)
    this.#settled = new Pairs(pairs)
  }

  get cursor (): string | undefined { return this.#cursor }

  told (key: string): boolean { return this.#live.told(key) }

  /** Begins a piece behind all that were begun before. One that is never done holds what is saved in front of it. */
  begin (): Piece {
    const end = this.#watermark.begin()
    const facts: Fact[] = []
    return {
      first: (key, source) => { facts.push([key, source]); return this.#live.first(key, source) },
      done: cursor => { end({ facts, cursor }) }
    }
  }

  /** What may be saved. */
  take (): State {
    this.isDirty = false
    return { ...(this.#cursor !== undefined && { cursor: this.#cursor }), pairs: this.#settled.saved() }
  }
}
