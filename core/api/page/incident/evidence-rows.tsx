import { useState } from 'preact/hooks'
import type { GetEventResponseJson } from '../../gen/tapio/v1/event_pb.js'
import type { EvidenceJson } from '../../gen/tapio/v1/incident_pb.js'
import { get } from '../data/client.js'
import { useResource } from '../data/resource.js'
import { num, short } from '../format/number.js'
import { LayerTag } from '../parts/badges.js'
import { Json, type JsonLike } from '../parts/json.js'
import { Answer } from '../parts/notice.js'
import { Time } from '../parts/time.js'

export interface EvidenceRow { readonly evidence: EvidenceJson, readonly layer: string | undefined }

/** Each opens to the stored event as it is. */
export function EvidenceRows ({ evidence }: { readonly evidence: readonly EvidenceRow[] }) {
  if (evidence.length === 0) return <p class="dim">None was kept.</p>
  return <ul class="evidence">{evidence.map((row, i) => <Row key={i} row={row} />)}</ul>
}

function Row ({ row: { evidence: { eventId = '', time, source, name, message, count, traceId }, layer } }: { readonly row: EvidenceRow }) {
  const [open, setOpen] = useState(false)
  return (
    <li>
      <div class="evidence-head">
        <Time at={time} /> <LayerTag layer={layer} /> <span class="badge plain">{source}</span> <b>{name}</b>{num(count) > 1 && <span class="dim"> ×{short(num(count))}</span>}
        <span class="evidence-tools">
          {traceId !== undefined && traceId !== '' && <a href={`/events?trace=${traceId}`}>trace {traceId.slice(0, 8)}</a>}
          {eventId === '' ? <span class="dim">no stored event</span> : <button type="button" class="small" aria-expanded={open} onClick={() => { setOpen(!open) }}>{open ? 'hide raw event' : 'raw event'}</button>}
        </span>
      </div>
      <p class="evidence-message">{message}</p>
      {open && <RawEvent id={eventId} />}
    </li>
  )
}

function RawEvent ({ id }: { readonly id: string }) {
  const event = useResource(id, signal => get<GetEventResponseJson>(`/v1/events/${id}`, {}, signal))
  return <Answer of={event} what="the event">{({ event: raw }) => <Json value={raw as unknown as JsonLike} />}</Answer>
}
