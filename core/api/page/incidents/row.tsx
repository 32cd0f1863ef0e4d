import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { narrow } from '../data/media.js'
import { num, short } from '../format/number.js'
import { Severity } from '../parts/badges.js'
import { Lasting, Time } from '../parts/time.js'
import { affectedText } from './affected-text.js'

/** Heights of rows; style/incidents.css draws them so. */
export const rowHeight = (): number => narrow.value ? 84 : 44

export function IncidentRow ({ incident, isNew: isFresh }: { readonly incident: IncidentJson, readonly isNew: boolean }) {
  const { id = '', title, severity, status, startTime, updatedTime, resolvedTime, impact, events, mergedInto } = incident
  const affected = affectedText(impact?.counts, 2)
  const over = status === 'resolved'
  // What is over needs nobody's eye.
  const isNew = isFresh && !over
  return (
    <a class={`incident-row ${over ? 'over' : ''} ${isNew ? 'fresh' : ''}`} href={`/incidents/${id}`}>
      <Severity level={severity} />
      <span class="incident-title">{isNew && <span class="badge new">new</span>} {title}</span>
      <span class="incident-affected dim" title={affectedText(impact?.counts)}>{affected === '' ? 'nobody counted' : affected}</span>
      <span class="incident-events dim" title="events behind it">{short(num(events))} ev</span>
      <span class="incident-status">{mergedInto !== undefined ? 'merged' : over ? <>lasted <Lasting from={startTime} to={resolvedTime ?? updatedTime} /></> : <><span class="open-dot" aria-hidden="true">●</span> open <Lasting from={startTime} to={undefined} /></>}</span>
      <span class="incident-age dim"><Time at={startTime} relative /></span>
    </a>
  )
}
