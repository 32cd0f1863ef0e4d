/** Pages of events, newest first: the first at once, more when the reader comes to the end. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { EventJson, GetEventsResponseJson } from '../../gen/tapio/v1/event_pb.js'
import { get } from '../data/client.js'
import { problemOfError, type Problem } from '../data/problem.js'
import type { Query } from '../data/query.js'
import { token } from '../data/token.js'

/** What a row shows; the rest is read when it is opened. */
const rowFields = 'id,time,observedTime,severity,source,name,message,entity,type,signal,symptom,symptomId,traceId,spanId'
const pageSize = 500
/** A tab must not grow without end. */
const most = 50_000

interface State { readonly asked: string, readonly events: readonly EventJson[], readonly next: string | undefined, readonly loading: boolean, readonly problem?: Problem }

export interface EventPages { readonly events: readonly EventJson[], readonly loading: boolean, readonly problem: Problem | undefined, more(): void, retry(): void }

export function useEventPages (filter: Query, asked: string): EventPages {
  const [state, setState] = useState<State>({ asked, events: [], next: undefined, loading: true })
  const ended = useRef(new AbortController())
  const busy = useRef(false)
  const read = (after: string | undefined, before: readonly EventJson[]): void => {
    const { signal } = ended.current
    busy.current = true
    setState({ asked, events: before, next: after, loading: true })
    get<GetEventsResponseJson>('/v1/events', { filter, page: { size: pageSize, token: after }, fields: rowFields }, signal).then(
      ({ events = [], nextPageToken }) => { if (!signal.aborted) setState({ asked, events: [...before, ...events], next: nextPageToken, loading: false }) },
      (error: unknown) => { if (!signal.aborted) setState({ asked, events: before, next: after, loading: false, problem: problemOfError(error) }) }
    ).finally(() => { if (!signal.aborted) busy.current = false })
  }
  const bearer = token.value
  useEffect(() => {
    ended.current = new AbortController()
    read(undefined, [])
    return () => { ended.current.abort() }
  }, [asked, bearer])
  const mine = state.asked === asked
  return {
    events: mine ? state.events : [], loading: !mine || state.loading, problem: mine ? state.problem : undefined,
    more: () => { if (!busy.current && mine && state.next !== undefined && state.problem === undefined && state.events.length < most) read(state.next, state.events) },
    retry: () => { if (!busy.current) read(state.next, state.events) }
  }
}
