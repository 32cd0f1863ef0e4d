/**
 * Who calls whom, from spans: a server span whose parent is a client span of somebody else, and client spans that name whom they
 * call. Spans come in any order and never all, so both ends wait for each other, bounded in number. A budget by event time
 * keeps the cost in hand: what calls often is seen early.
 */
import { Budget } from '../../core/correlation/budget.js'
import type { Dependencies } from '../../core/correlation/dependencies.js'
import { entityKey, type EntityRef } from '../../core/correlation/entity.js'
import type { Attributes } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { idKey, type RecordScan } from '../../core/otlp/record-scan.js'
import { isCall } from '../../core/correlation/signs-spans.js'
import { peerOfSpan } from './span-row.js'
import type { Resolver, Whose } from './whose.js'

const server = 2
const consumer = 5
/** Ends of calls looked at a second of event time. */
const budget = 2000
/** Connections that failed, likewise. */
const maxConnections = 1000
const maxWaiting = 20_000

interface End { readonly of: EntityRef, readonly isFailed: boolean }

export class SpanCalls {
  readonly #callers = new Map<number, End>()
  readonly #callees = new Map<number, End>()
  readonly #budget = new Budget(budget)
  readonly #connections = new Budget(maxConnections)

  constructor (readonly dependencies: Dependencies, readonly resolver: Resolver) {}

  /** Whether a span of this kind is looked at now. */
  wants (kind: number, timeMs: number): boolean {
    if (kind < server || kind > consumer) return false
    return this.#budget.take(timeMs)
  }

  /** Whether a connection that failed is. */
  wantsConnection (timeMs: number): boolean { return this.#connections.take(timeMs) }

  row (batch: EventBatch, row: number, whose: Whose, timeMs: number, isFailed: boolean): void {
    const { spanKind, spanId, parentSpanId } = batch.columns
    const kind = spanKind?.[row] ?? 0
    this.#note(kind, keyAt(spanId, row), keyAt(parentSpanId, row), whose, timeMs, isFailed, () => batch.at(row).allAttributes())
  }

  scanned (scan: RecordScan, whose: Whose, timeMs: number, isFailed: boolean): void {
    this.#note(scan.kind, scan.spanKey, scan.parentKey, whose, timeMs, isFailed, () => scan.attributes())
  }

  #note (kind: number, span: number, parent: number, whose: Whose, timeMs: number, isFailed: boolean, attributes: () => Attributes): void {
    if (isCall(kind)) this.#called(span, whose, timeMs, isFailed, attributes())
    else this.#served(parent, whose, timeMs, isFailed)
  }

  #called (span: number, whose: Whose, timeMs: number, isFailed: boolean, attributes: Attributes): void {
    const of = this.resolver.callerOf(whose, timeMs)
    const peer = peerOfSpan(attributes)
    const callee = peer === '' ? undefined : this.resolver.peer(peer, whose.entity.namespace ?? '', timeMs)
    if (callee !== undefined) this.#found(of, this.resolver.calleeOf(callee, timeMs), timeMs, isFailed)
    const waiting = this.#callees.get(span)
    if (waiting !== undefined) this.#found(of, waiting.of, timeMs, isFailed || waiting.isFailed)
    this.#callees.delete(span)
    if (span !== 0 && callee === undefined) keep(this.#callers, span, { of, isFailed })
  }

  #served (parent: number, whose: Whose, timeMs: number, isFailed: boolean): void {
    if (parent === 0) return
    const of = this.resolver.calleeOf(whose.entity, timeMs)
    const caller = this.#callers.get(parent)
    if (caller !== undefined) this.#found(caller.of, of, timeMs, isFailed || caller.isFailed)
    else keep(this.#callees, parent, { of, isFailed })
  }

  #found (caller: EntityRef, callee: EntityRef, timeMs: number, isFailed: boolean): void {
    if (entityKey(caller) !== entityKey(callee)) this.dependencies.note(caller, callee, timeMs, 1, isFailed ? 1 : 0)
  }
}

function keep (ends: Map<number, End>, key: number, end: End): void {
  ends.set(key, end)
  if (ends.size > maxWaiting) ends.delete(ends.keys().next().value as number)
}

/** As `RecordScan` has it. */
function keyAt (ids: Uint8Array | undefined, row: number): number {
  if (ids === undefined) return 0
  const at = row * 8
  const word = (from: number): number => ((ids[from] as number) | (ids[from + 1] as number) << 8 | (ids[from + 2] as number) << 16 | (ids[from + 3] as number) << 24) >>> 0
  return idKey(word(at), word(at + 4))
}
