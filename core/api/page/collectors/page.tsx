/** Who brings events, and how they are. */
import type { CollectorJson, ListCollectorsResponseJson } from '../../gen/tapio/v1/collector_pb.js'
import { useEffect } from 'preact/hooks'
import { get } from '../data/client.js'
import { now } from '../data/now.js'
import { useResource } from '../data/resource.js'
import { num, short } from '../format/number.js'
import { StateTag } from '../parts/badges.js'
import { Answer, Empty } from '../parts/notice.js'
import { Time } from '../parts/time.js'

const everyMs = 10_000

/** All pages: there are as many as there are nodes. */
async function readAll (signal: AbortSignal): Promise<readonly CollectorJson[]> {
  const all: CollectorJson[] = []
  let token: string | undefined
  do {
    const page = await get<ListCollectorsResponseJson>('/v1/collectors', { page: { size: 1000, token } }, signal)
    all.push(...page.collectors ?? [])
    token = page.nextPageToken
  } while (token !== undefined && token !== '')
  return all
}

export function CollectorsPage () {
  const collectors = useResource('collectors', readAll, true)
  const turn = Math.floor(now.value / everyMs)
  useEffect(() => { if (collectors.data !== undefined) collectors.reload() }, [turn])
  return (
    <>
      <header class="page-head"><h1>Collectors</h1><span class="dim hint">looked at every 10 s</span></header>
      <Answer of={collectors} what="collectors">{all => all.length === 0
        ? <Empty title="No collectors"><p>Receivers of this Tapio, other Tapios that send to it and programs that register are listed here.</p></Empty>
        : <Table collectors={all} />}</Answer>
    </>
  )
}

function Table ({ collectors }: { readonly collectors: readonly CollectorJson[] }) {
  return (
    <div class="table-frame collectors" tabIndex={0} role="region" aria-label="Collectors">
      <table>
        <thead><tr><th scope="col">Collector</th><th scope="col">State</th><th scope="col">Kind</th><th scope="col">Host</th><th scope="col" class="number">Events</th><th scope="col" class="number">Not taken</th><th scope="col">Last heard of</th></tr></thead>
        <tbody>
          {collectors.map(c => (
            <tr key={c.id}>
              <th scope="row"><code>{c.id}</code>{(c.version ?? '') !== '' && <span class="dim"> {c.version}</span>}</th>
              <td><StateTag state={c.state} reason={c.reason} />{(c.reason ?? '') !== '' && <p class="dim reason">{c.reason}</p>}</td>
              <td>{c.kind} <span class="dim">{c.type}</span></td>
              <td>{c.host}</td>
              <td class="number" title={c.events}>{short(num(c.events))}</td>
              <td class={`number ${num(c.rejected) > 0 ? 'bad-text' : ''}`} title={c.rejected}>{short(num(c.rejected))}</td>
              <td>{c.lastSeenTime === undefined ? <span class="dim">part of this Tapio</span> : <Time at={c.lastSeenTime} relative />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
