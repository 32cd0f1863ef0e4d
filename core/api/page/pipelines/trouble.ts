/** How an arrow or a box of the pipelines is: what is lost is red, what waits is amber. */
import type { PipelineComponentJson, PipelineEdgeJson, RingJson } from '../../gen/tapio/v1/runtime_pb.js'
import { num } from '../format/number.js'
import { toneOfState } from '../format/words.js'

export type Trouble = 'good' | 'idle' | 'warn' | 'bad'

export function edgeId ({ from = '', to = '', pipeline = '' }: PipelineEdgeJson): string { return `${pipeline}|${from}|${to}` }

export function dropped (drops: readonly { readonly events?: string }[] = []): number { return drops.reduce((sum, d) => sum + num(d.events), 0) }

/** Rows that will never arrive. */
export function lost (edge: PipelineEdgeJson): number { return num(edge.rejected) + dropped(edge.drops) }

/** `before`: the same edge at the last look; what was lost long ago is told, but is no trouble now. */
export function edgeTrouble (edge: PipelineEdgeJson, before: PipelineEdgeJson | undefined): Trouble {
  if (before !== undefined && lost(edge) > lost(before)) return 'bad'
  const waits = (e: PipelineEdgeJson): number => num(e.refused) + num(e.retried)
  if (before !== undefined && waits(edge) > waits(before)) return 'warn'
  return num(edge.eventsPerSecond) > 0 ? 'good' : 'idle'
}

export function edgeWords (trouble: Trouble): string { return ({ good: 'flows', idle: 'nothing flows', warn: 'is refused or retried', bad: 'loses events' } as const)[trouble] }

export function componentTrouble ({ state }: PipelineComponentJson): Trouble {
  const tone = toneOfState(state)
  return tone === 'plain' ? 'idle' : tone
}

export function ringShare (ring: RingJson): number { return num(ring.usedBytes) / Math.max(1, num(ring.capacityBytes)) }

export function ringTone (ring: RingJson): 'plain' | 'warn' | 'bad' {
  const share = ringShare(ring)
  return share > 0.9 ? 'bad' : share > 0.6 ? 'warn' : 'plain'
}
