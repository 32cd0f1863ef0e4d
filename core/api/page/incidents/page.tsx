/** All incidents, open ones first, worst first. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { GetIncidentsResponseJson, IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { get } from '../data/client.js'
import { now } from '../data/now.js'
import { problemOfError, type Problem } from '../data/problem.js'
import { useResource } from '../data/resource.js'
import { params } from '../data/router.js'
import { token } from '../data/token.js'
import { entityOf } from '../format/entity.js'
import { Connection } from '../parts/connection.js'
import { useListKeys } from '../parts/list-keys.js'
import { Empty, Failure, Loading } from '../parts/notice.js'
import { VirtualList } from '../parts/virtual-list.js'
import { all, fresh, nextPage, open, pagesRead, readPage, resolved } from './book.js'
import { FilterBar, filterId } from './filter-bar.js'
import { filterOf, fits } from './filter.js'
import { live } from './live.js'
import { IncidentRow, rowHeight } from './row.js'

/** Pages of the book: the first one by itself, more as the reader comes to the end. */
function useBook (): { readonly problem: Problem | undefined, readonly reading: boolean, more(): void, retry(): void } {
  const [state, setState] = useState<{ readonly reading: boolean, readonly problem?: Problem }>({ reading: pagesRead.value === 0 })
  const ended = useRef(new AbortController())
  const busy = useRef(false)
  const read = (after?: string): void => {
    if (busy.current) return
    busy.current = true
    setState({ reading: true })
    readPage(ended.current.signal, after).then(() => { setState({ reading: false }) }, (error: unknown) => { if (!ended.current.signal.aborted) setState({ reading: false, problem: problemOfError(error) }) }).finally(() => { busy.current = false })
  }
  const bearer = token.value
  useEffect(() => {
    ended.current = new AbortController()
    busy.current = false
    if (pagesRead.value === 0) read()
    return () => { ended.current.abort() }
  }, [bearer])
  return { ...state, problem: state.problem, more: () => { if (nextPage.value !== undefined && state.problem === undefined) read(nextPage.value) }, retry: () => { read(nextPage.value) } }
}

/** Incidents that speak of an entity: the server knows; undefined: none is asked for. */
function useOfEntity (text: string) {
  const entity = entityOf(text)
  return useResource(entity === undefined ? undefined : text, async signal => new Set((await get<GetIncidentsResponseJson>('/v1/incidents', { entity, page: { size: 1000 }, fields: 'id' }, signal)).incidents?.map(i => i.id ?? '')))
}

export function IncidentsPage () {
  const book = useBook()
  const filter = filterOf(params.value)
  const entity = params.value.get('entity') ?? ''
  const ofEntity = useOfEntity(entity)
  const wanted = (incidents: readonly IncidentJson[]): readonly IncidentJson[] => incidents.filter(i => fits(i, filter, now.peek()) && (entity === '' || ofEntity.data?.has(i.id ?? '') === true))
  const asked = JSON.stringify(filter)
  const opened = useMemo(() => wanted(open.value), [open.value, asked, entity, ofEntity.data])
  const over = useMemo(() => wanted(resolved.value), [resolved.value, asked, entity, ofEntity.data])
  const keys = useMemo(() => [...opened, ...over].map(i => i.id ?? ''), [opened, over])
  useListKeys(keys, filterId)
  const known = all.value.length
  return (
    <>
      <header class="page-head">
        <h1>Incidents</h1>
        <Connection state={live.value} />
        <span class="dim hint">{open.value.length} open of {known}{nextPage.value !== undefined && '+'}<span class="keys"> · keys: j k walk, Enter opens, / filters</span></span>
      </header>
      <FilterBar filter={filter} entity={entity} />
      {book.problem !== undefined && <Failure problem={book.problem} retry={book.retry} />}
      {ofEntity.problem !== undefined && <Failure problem={ofEntity.problem} retry={ofEntity.reload} />}
      {known === 0 && book.reading && <Loading what="incidents" />}
      {known === 0 && !book.reading && book.problem === undefined && <Empty title="No incidents"><p>Nothing that Tapio sees needs you. New incidents appear here by themselves.</p></Empty>}
      {known > 0 && keys.length === 0 && <Empty title="Nothing fits this filter"><p>{known} incidents were looked through{nextPage.value !== undefined && ', the newest ones'}. <a href="/incidents">Show all</a></p></Empty>}
      <Section title="Open" incidents={opened} onEnd={undefined} />
      <Section title="Resolved" incidents={over} onEnd={book.more} />
      {nextPage.value !== undefined && <p class="more"><button type="button" onClick={book.more} disabled={book.reading}>{book.reading ? 'Reading …' : `Read older ones (${known} so far)`}</button></p>}
    </>
  )
}

function Section ({ title, incidents, onEnd }: { readonly title: string, readonly incidents: readonly IncidentJson[], readonly onEnd: (() => void) | undefined }) {
  if (incidents.length === 0) return null
  return (
    <section class="incident-section">
      <h2>{title} <span class="dim">{incidents.length}</span></h2>
      <VirtualList
        count={incidents.length} rowHeight={rowHeight()} label={`${title} incidents`} keyOf={i => incidents[i]?.id ?? String(i)}
        render={i => { const incident = incidents[i]; return incident === undefined ? null : <IncidentRow incident={incident} isNew={fresh.value.has(incident.id ?? '')} /> }}
        {...(onEnd === undefined ? {} : { onEnd })}
      />
    </section>
  )
}
