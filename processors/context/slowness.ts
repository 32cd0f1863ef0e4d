/**
 * Requests that take far longer than they did: of each operation of each server the usual time is learned from its spans, and a span
 * is slow that takes many times that, and long for a person too. Bounded; by the order of rows alone.
 */
import { entityKey, type EntityRef } from '../../core/correlation/entity.js'
import type { Seen } from '../../core/correlation/signs.js'
import { Severity } from '../../core/data/enums.js'

/** Shorter is not slow, whatever is usual. */
export const slowFromMs = 1000
const timesUsual = 8
/** Spans seen before anything is called unusual. */
const enough = 30
/** Weight of a new span: the last hundred or so count. */
const weight = 0.02
const maxOperations = 10_000

interface Usual { count: number, /** Mean of the logarithm, so that a few long ones do not count much. */ mean: number }

export class Slowness {
  readonly #usual = new Map<string, Usual>()

  /** True: this one is slow. Slow ones are learned from as well: what stays slow becomes usual. */
  see (server: EntityRef, operation: string, durationMs: number): boolean {
    if (!(durationMs >= 0)) return false
    const key = `${entityKey(server)} ${operation.slice(0, maxName)}`
    const log = Math.log(Math.max(durationMs, 0.1))
    const known = this.#usual.get(key)
    if (known === undefined) {
      if (this.#usual.size >= maxOperations) this.#usual.delete(this.#usual.keys().next().value as string)
      this.#usual.set(key, { count: 1, mean: log })
      return false
    }
    const isSlow = known.count >= enough && durationMs >= slowFromMs && durationMs >= timesUsual * Math.exp(known.mean)
    known.count++
    known.mean += (log - known.mean) * Math.max(weight, 1 / known.count)
    return isSlow
  }
}

const maxName = 200
const server = 2

/** All long ones of servers, and of the others as many as there is time for. */
export function worthTiming (kind: number, isWanted: boolean, durationMs: number): boolean { return kind === server && (isWanted || durationMs >= slowFromMs) }

export function slowSign (slowness: Slowness, entity: EntityRef, operation: string, durationMs: number): Seen | undefined {
  return slowness.see(entity, operation, durationMs) ? { sign: 'app.slow', detail: { operation }, severity: Severity.warning } : undefined
}
