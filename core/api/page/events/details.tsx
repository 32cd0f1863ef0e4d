import type { EventJson, GetEventResponseJson } from '../../gen/tapio/v1/event_pb.js'
import { get } from '../data/client.js'
import { useResource } from '../data/resource.js'
import { withParams } from '../data/router.js'
import { CopyButton } from '../parts/copy-button.js'
import { EntityLink } from '../parts/entity.js'
import { Json, type JsonLike } from '../parts/json.js'
import { Answer } from '../parts/notice.js'
import { Time } from '../parts/time.js'

/** A row, then the whole event. Events of OTLP clients have no id: of them the row is all there is. */
export function EventDetails ({ event }: { readonly event: EventJson }) {
  const { id = '', symptomId = '', symptom, traceId = '' } = event
  const whole = useResource(id === '' ? undefined : id, signal => get<GetEventResponseJson>(`/v1/events/${id}`, {}, signal))
  return (
    <>
      <p><Time at={event.time ?? event.observedTime} /> <EntityLink entity={event.entity} /></p>
      {event.message !== undefined && <p class="event-message">{event.message}</p>}
      <p class="links-line">
        {symptomId !== '' && <a href={withParams({ symptom: symptomId })}>all of {symptom ?? 'its symptom'}</a>}
        {traceId !== '' && <a href={withParams({ trace: traceId })}>its trace</a>}
        {id !== '' && <CopyButton text={id} what="the event's id" label="copy id" />}
      </p>
      {id === '' ? <Json value={event as unknown as JsonLike} /> : <Answer of={whole} what="the event">{({ event: raw }) => <Json value={raw as unknown as JsonLike} />}</Answer>}
    </>
  )
}
