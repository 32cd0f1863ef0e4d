/** Stored events: searched, counted, followed. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { EventJson, SubscribeEventsResponseJson } from '../../gen/tapio/v1/event_pb.js'
import { narrow } from '../data/media.js'
import { queryText } from '../data/query.js'
import { params } from '../data/router.js'
import { useStream } from '../data/use-stream.js'
import { entityText } from '../format/entity.js'
import { clock, day, msOf, utc } from '../format/time.js'
import { toneOfSeverity } from '../format/words.js'
import { Trace } from '../incident/traces.js'
import { Connection } from '../parts/connection.js'
import { useListKeys } from '../parts/list-keys.js'
import { Empty, Failure, Loading } from '../parts/notice.js'
import { Panel } from '../parts/panel.js'
import { VirtualList } from '../parts/virtual-list.js'
import { EventDetails } from './details.js'
import { EventFilterBar, eventFilterId } from './filter-bar.js'
import { eventFilter } from './filter.js'
import { useEventPages } from './pages.js'
import { Statistics } from './statistics.js'

/** Followed events that are kept; older ones can be searched. */
const mostFollowed = 5000

export function EventsPage () {
  const filter = eventFilter(params.value)
  const asked = queryText({ filter })
  const [following, setFollowing] = useState(false)
  const [followed, setFollowed] = useState<readonly EventJson[]>([])
  const [gap, setGap] = useState(false)
  const [chosen, setChosen] = useState<EventJson | undefined>()
  const pages = useEventPages(filter, asked)
  useEffect(() => { setFollowed([]); setChosen(undefined); setGap(false) }, [asked])
  const canFollow = filter['until'] === '' || filter['until'] === undefined
  const state = useStream<SubscribeEventsResponseJson>(following && canFollow ? '/v1/events:subscribe' : undefined, { filter: { ...filter, since: undefined }, maxEventsPerSecond: 200 }, ({ events = [], gap }) => {
    if (gap === true) setGap(true)
    if (events.length > 0) setFollowed(old => [...[...events].reverse(), ...old].slice(0, mostFollowed))
  })
  const events = useMemo(() => {
    const ids = new Set(followed.map(e => e.id))
    return [...followed, ...pages.events.filter(e => e.id === undefined || !ids.has(e.id))]
  }, [followed, pages.events])
  const keys = useMemo(() => events.map((e, i) => e.id ?? `at ${events.length - i}`), [events])
  useListKeys(keys, eventFilterId)
  const trace = params.value.get('trace') ?? ''
  return (
    <>
      <header class="page-head">
        <h1>Events</h1>
        <button type="button" class="small" aria-pressed={following} disabled={!canFollow} title={canFollow ? undefined : 'The filter ends in the past.'} onClick={() => { setFollowing(!following) }}>{following ? 'following' : 'follow'}</button>
        {following && <Connection state={state} />}
        <span class="dim hint keys">keys: j k walk, Enter opens, / filters</span>
      </header>
      <EventFilterBar />
      {gap && <p class="callout">Some events between were deleted by retention before this page came back.</p>}
      {trace !== '' && <section class="card"><h2>Trace</h2><Trace id={trace} /></section>}
      <Statistics filter={filter} asked={asked} />
      {pages.problem !== undefined && <Failure problem={pages.problem} retry={pages.retry} />}
      {events.length === 0 && pages.loading && <Loading what="events" />}
      {events.length === 0 && !pages.loading && pages.problem === undefined && <Empty title="No stored event fits"><p>The store keeps events in which Tapio sees a symptom, and errors, unless it is told to keep all.</p></Empty>}
      <div class={chosen === undefined ? '' : 'with-panel'}>
        <div class="event-list"><VirtualList count={events.length} rowHeight={narrow.value ? 58 : 32} label="Events" keyOf={i => keys[i] ?? String(i)} onEnd={pages.more} render={i => { const event = events[i]; return event === undefined ? null : <EventRow event={event} chosen={event === chosen} onOpen={() => { setChosen(event) }} /> }} /></div>
        {chosen !== undefined && <Panel name={`Event ${chosen.name ?? ''}`} title={<h3>{chosen.name ?? chosen.type ?? 'Event'}</h3>} onClose={() => { setChosen(undefined) }}><EventDetails event={chosen} /></Panel>}
      </div>
      {pages.loading && events.length > 0 && <p class="dim" role="status">Reading more …</p>}
    </>
  )
}

function EventRow ({ event, chosen, onOpen }: { readonly event: EventJson, readonly chosen: boolean, readonly onOpen: () => void }) {
  const ms = msOf(event.time ?? event.observedTime)
  return (
    <button type="button" class={`event-row ${toneOfSeverity(event.severity)} ${chosen ? 'chosen' : ''}`} aria-pressed={chosen} onClick={onOpen}>
      <time class="event-time" title={ms === undefined ? undefined : utc(ms)}>{ms === undefined ? '–' : `${day(ms) === day(Date.now()) ? '' : `${day(ms).slice(5)} `}${clock(ms, { millis: true })}`}</time>
      <span class="event-severity">{event.severity ?? ''}</span>
      <span class="event-source dim">{event.source}</span>
      <span class="event-entity">{entityText(event.entity)}</span>
      <span class="event-words"><b>{event.name}</b> {event.message}</span>
    </button>
  )
}
