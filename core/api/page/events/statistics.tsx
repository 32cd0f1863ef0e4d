/** How many there are, when, and of what. Each count narrows the filter. */
import { useMemo } from 'preact/hooks'
import type { CountJson, GetStatisticsResponseJson } from '../../gen/tapio/v1/event_pb.js'
import { get } from '../data/client.js'
import type { Query } from '../data/query.js'
import { useResource } from '../data/resource.js'
import { go, withParams } from '../data/router.js'
import { count, num, short } from '../format/number.js'
import { msOf } from '../format/time.js'
import { Chart, type Series } from '../parts/chart.js'
import { Failure } from '../parts/notice.js'
import { entityParams } from './filter.js'

const series: readonly Series[] = [{ label: 'all', color: '--accent', bars: true }, { label: 'error or worse', color: '--bad', bars: true }]

export function Statistics ({ filter, asked }: { readonly filter: Query, readonly asked: string }) {
  const statistics = useResource(asked, signal => get<GetStatisticsResponseJson>('/v1/events:statistics', { filter }, signal), true)
  const { total, buckets = [], truncated, bySeverity = [], bySource = [], bySymptom = [], byEntity = [] } = statistics.data ?? {}
  const times = useMemo(() => buckets.map(b => msOf(b.time) ?? 0), [buckets])
  const values = useMemo(() => [buckets.map(b => num(b.count)), buckets.map(b => num(b.errors))], [buckets])
  if (statistics.problem !== undefined) return <Failure problem={statistics.problem} retry={statistics.reload} />
  if (statistics.data === undefined || buckets.length === 0) return null
  const choose = (from: number, to: number): void => { go(withParams({ since: new Date(from).toISOString(), until: new Date(to).toISOString() })) }
  return (
    <section class="card statistics" aria-label="Counts">
      <header class="statistics-head"><h2>{count(num(total), 'event')}</h2> {truncated === true && <span class="dim">counted: the newest, there are more</span>}<span class="dim hint">draw over a stretch to see it alone</span></header>
      <Chart label={`Events over time: ${count(num(total), 'event')} in ${buckets.length} stretches`} times={times} values={values} series={series} height={130} onChoose={choose} />
      <div class="facets">
        <Facet title="Severity" counts={bySeverity} onChoose={severity => withParams({ severity })} />
        <Facet title="Source" counts={bySource} onChoose={source => withParams({ source })} />
        <Facet title="Sign" counts={bySymptom} onChoose={sign => withParams({ sign })} />
        <Facet title="Entity" counts={byEntity} onChoose={entity => withParams(entityParams(entity))} />
      </div>
    </section>
  )
}

function Facet ({ title, counts, onChoose }: { readonly title: string, readonly counts: readonly CountJson[], readonly onChoose: (key: string) => string }) {
  const known = counts.filter(c => (c.key ?? '') !== '').slice(0, 6)
  if (known.length === 0) return null
  return <div><h3>{title}</h3><ul>{known.map(c => <li key={c.key}><a href={onChoose(c.key ?? '')}>{c.key}</a> <span class="dim">{short(num(c.count))}</span></li>)}</ul></div>
}
