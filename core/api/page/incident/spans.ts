/** Spans of a trace as a tree, from stored events. */
import type { EventJson } from '../../gen/tapio/v1/event_pb.js'
import { durationMs, msOf } from '../format/time.js'

export interface SpanRow { readonly event: EventJson, readonly depth: number, readonly startMs: number, readonly lengthMs: number, /** Its parent is not stored. */ readonly orphan: boolean }

const start = (e: EventJson): number => msOf(e.time) ?? 0

/** Parents before children, siblings by time. A span whose parent is not stored, or that is its own ancestor, begins a tree. */
export function spanRows (events: readonly EventJson[]): SpanRow[] {
  const spans = [...new Map(events.filter(e => e.signal === 'traces' && e.spanId !== undefined).map(e => [e.spanId ?? '', e])).values()].sort((a, b) => start(a) - start(b))
  const ids = new Set(spans.map(s => s.spanId))
  const children = new Map<string, EventJson[]>()
  for (const s of spans) children.set(s.parentSpanId ?? '', [...children.get(s.parentSpanId ?? '') ?? [], s])
  const rows: SpanRow[] = []
  const done = new Set<string>()
  const walk = (event: EventJson, depth: number, orphan: boolean): void => {
    const id = event.spanId ?? ''
    if (done.has(id)) return
    done.add(id)
    rows.push({ event, depth, startMs: start(event), lengthMs: durationMs(event.duration) ?? 0, orphan })
    for (const child of children.get(id) ?? []) walk(child, depth + 1, false)
  }
  for (const s of spans) if (!ids.has(s.parentSpanId)) walk(s, 0, (s.parentSpanId ?? '') !== '')
  for (const s of spans) walk(s, 0, true)
  return rows
}
