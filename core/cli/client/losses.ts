/** What was lost at a place of the graph between two looks. */
import { timestampMs } from '@bufbuild/protobuf/wkt'
import type { DropCount, PipelineEdge, PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'

export interface Loss {
  readonly reason: string
  /** Since the start. */
  readonly events: number
  /** A second, since the look before; undefined: there was none. */
  readonly perSecond: number | undefined
}

/** Of a state and the one before it. */
export class Losses {
  readonly #edges: ReadonlyMap<string, PipelineEdge>
  readonly #components: ReadonlyMap<string, readonly DropCount[]>
  readonly #rings: ReadonlyMap<string, number>
  readonly #seconds: number | undefined

  constructor (state: PipelineState, before: PipelineState | undefined) {
    const [nowMs, thenMs] = [state, before].map(s => s?.time === undefined ? undefined : timestampMs(s.time))
    const seconds = nowMs === undefined || thenMs === undefined ? 0 : (nowMs - thenMs) / 1000
    this.#seconds = seconds > 0 ? seconds : undefined
    this.#edges = new Map(before?.edges.map(e => [keyOf(e), e]))
    this.#components = new Map(before?.components.map(c => [c.name, c.drops]))
    this.#rings = new Map(before?.rings.map(r => [r.id, Number(r.lostEvents)]))
  }

  /** Dropped on the edge, and rejected for good by its far end. */
  ofEdge (edge: PipelineEdge): Loss[] {
    const before = this.#edges.get(keyOf(edge))
    const rejected = Number(edge.rejected)
    return [...this.#ofDrops(edge.drops, before?.drops), ...(rejected > 0 ? [{ reason: 'rejected', events: rejected, perSecond: this.#rate(rejected, Number(before?.rejected ?? 0n)) }] : [])]
  }

  ofComponent (name: string, drops: readonly DropCount[]): Loss[] { return this.#ofDrops(drops, this.#components.get(name)) }

  ofRing (id: string, lostEvents: bigint): Loss[] {
    const events = Number(lostEvents)
    return events === 0 ? [] : [{ reason: 'lost', events, perSecond: this.#rate(events, this.#rings.get(id) ?? 0) }]
  }

  #ofDrops (drops: readonly DropCount[], before: readonly DropCount[] = []): Loss[] {
    return drops.filter(d => d.events > 0n).map(({ reason, events }) => ({ reason, events: Number(events), perSecond: this.#rate(Number(events), Number(before.find(d => d.reason === reason)?.events ?? 0n)) }))
  }

  /** A count that went down began anew: another process answers. */
  #rate (now: number, before: number): number | undefined {
    return this.#seconds === undefined ? undefined : (now < before ? now : now - before) / this.#seconds
  }
}

const keyOf = ({ pipeline, from, to }: PipelineEdge): string => `${pipeline}\n${from}\n${to}`
