/** Taps: live samples of what passes the edges of a running graph. Here: what is asked for and what comes of it; plain data, it crosses threads. */
import type { EventBatch } from '../data/batch.js'
import type { EdgeEnds } from '../telemetry/edges.js'

/** Everything beyond edge and rate is filtered where the rows pass, before anything is copied. */
export interface TapSelection {
  /** `FROM -> TO` or a component, with `*` for any part; '' = all. */
  readonly edge: string
  readonly filter: TapFilter
  /** Of each thread. */
  readonly maxEventsPerSecond: number
}

/** All that is given must fit; of lists one item. As the store understands it (core/store/match.ts). */
export interface TapFilter {
  readonly minSeverity?: number
  readonly traceId?: string
  readonly symptoms?: readonly string[]
  readonly sources?: readonly string[]
  readonly names?: readonly string[]
  readonly signals?: readonly string[]
  readonly namespaces?: readonly string[]
  /** What the event is about, or the pod, workload, service or node it came from. */
  readonly entity?: { readonly kind?: string, readonly namespace?: string, readonly name: string }
  readonly text?: string
}

/** Names as in metrics: `receiver/otlp`, `pipeline/main`. */
export type { EdgeEnds } from '../telemetry/edges.js'

/** What one thread saw since it last said. Also sent without rows, once a second. */
export interface Tapped {
  /** In no order but that of each batch. */
  readonly rows: readonly (EdgeEnds & { readonly batch: EventBatch })[]
  /** Rows offered, fitting or not; one that is offered again after `retry` counts again. */
  readonly passed: number
  /** Rows that fit and are not among `rows`. */
  readonly notShown: number
}

/** The same on its way between threads: batches as documents (core/data/codec.ts) in memory of their own. */
export interface TapReport {
  readonly rows: readonly (EdgeEnds & { readonly document: Uint8Array })[]
  readonly passed: number
  readonly notShown: number
  /** Present in the last report of a tap that could not cope with a batch, which is a bug or a filter out of range. */
  readonly failed?: string
}

/** `no_edge`: nothing here is called so. `too_many`: others tap already. `gone`: the graph does not run. */
export type TapRefusal = 'no_edge' | 'too_many' | 'gone'

export class TapRefused extends Error {
  override readonly name = 'TapRefused'
  constructor (readonly why: TapRefusal, message: string) { super(message) }
}

/** The test of `TapSelection.edge`. */
export function edgeTest (edge: string): (ends: EdgeEnds) => boolean {
  const [from = '', to] = edge.split('->').map(part => part.trim() === '' ? '*' : part.trim())
  if (to !== undefined) return ends => fits(from, ends.from) && fits(to, ends.to)
  return ends => fits(from, ends.from) || fits(from, ends.to)
}

/** `*` stands for anything, also nothing. Goes back to the last `*` only, so that no pattern makes it slow. */
function fits (pattern: string, text: string): boolean {
  let [at, star, from] = [0, -1, 0]
  for (let i = 0; i < text.length;) {
    if (pattern[at] === '*') [star, from, at] = [at, i, at + 1]
    else if (pattern[at] === text[i]) [at, i] = [at + 1, i + 1]
    else if (star >= 0) [at, from, i] = [star + 1, from + 1, from + 1]
    else return false
  }
  return /^\**$/.test(pattern.slice(at))
}
