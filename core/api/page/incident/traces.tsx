/** Requests that ran into the incident, as far as their spans are stored. */
import { useState } from 'preact/hooks'
import type { GetEventsResponseJson } from '../../gen/tapio/v1/event_pb.js'
import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { get } from '../data/client.js'
import { useResource } from '../data/resource.js'
import { entityText } from '../format/entity.js'
import { span } from '../format/time.js'
import { CopyButton } from '../parts/copy-button.js'
import { Json, type JsonLike } from '../parts/json.js'
import { Answer } from '../parts/notice.js'
import { spanRows, type SpanRow } from './spans.js'

export function Traces ({ incident: { traceIds = [] } }: { readonly incident: IncidentJson }) {
  const [chosen, setChosen] = useState<string | undefined>()
  return (
    <section class="card" id="traces" aria-labelledby="traces-title">
      <h2 id="traces-title">Traces <span class="dim">{traceIds.length}</span></h2>
      {traceIds.length === 0 && <p class="dim">No trace runs through this incident.</p>}
      <ul class="trace-ids">{traceIds.map(id => <li key={id}><button type="button" class="small" aria-expanded={chosen === id} onClick={() => { setChosen(chosen === id ? undefined : id) }}><code>{id}</code></button></li>)}</ul>
      {chosen !== undefined && <Trace id={chosen} />}
    </section>
  )
}

export function Trace ({ id }: { readonly id: string }) {
  const events = useResource(`trace ${id}`, signal => get<GetEventsResponseJson>('/v1/events', { filter: { traceId: id }, page: { size: 1000, order: 'oldest' } }, signal))
  return (
    <div class="trace">
      <p class="dim">Trace <code>{id}</code> <CopyButton text={id} what="the trace id" /> <a href={`/events?trace=${id}`}>all its events</a></p>
      <Answer of={events} what="the trace">{({ events: found = [], nextPageToken }) => {
        const rows = spanRows(found)
        if (rows.length === 0) return <p class="dim">{found.length === 0 ? 'None of its events is stored.' : `None of its ${found.length} stored events is a span.`}</p>
        return <><SpanTree rows={rows} />{nextPageToken !== undefined && <p class="dim">Only its first 1000 events are shown.</p>}</>
      }}</Answer>
    </div>
  )
}

function SpanTree ({ rows }: { readonly rows: readonly SpanRow[] }) {
  const [open, setOpen] = useState<string | undefined>()
  const from = Math.min(...rows.map(r => r.startMs))
  const whole = Math.max(1, Math.max(...rows.map(r => r.startMs + r.lengthMs)) - from)
  return (
    <ul class="spans" aria-label={`Spans, ${span(whole)} in all`}>
      {rows.map(({ event, depth, startMs, lengthMs, orphan }) => {
        const failed = event.span?.status === 'error'
        const id = event.spanId ?? ''
        return (
          <li key={id}>
            <button type="button" class={`span-row ${failed ? 'failed' : ''}`} aria-expanded={open === id} onClick={() => { setOpen(open === id ? undefined : id) }}>
              <span class="span-name" style={{ paddingLeft: `${Math.min(depth, 12) * 14}px` }}>{orphan && <span title="its parent is not stored">┄ </span>}{failed && <span aria-label="failed">✕ </span>}<b>{event.name}</b> <span class="dim">{entityText(event.entity)}</span></span>
              <span class="span-track" aria-hidden="true"><span class="span-bar" style={{ left: `${(startMs - from) / whole * 100}%`, width: `${Math.max(0.4, lengthMs / whole * 100)}%` }} /></span>
              <span class="span-time">{span(lengthMs)}</span>
            </button>
            {open === id && <Json value={event as unknown as JsonLike} />}
          </li>
        )
      })}
    </ul>
  )
}
