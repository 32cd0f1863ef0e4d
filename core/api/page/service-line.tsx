/** What this is and how it is, at the foot of every view. */
import { useEffect } from 'preact/hooks'
import type { GetServiceInfoResponseJson, HealthCheckResponseJson } from '../gen/tapio/v1/runtime_pb.js'
import { get } from './data/client.js'
import { now } from './data/now.js'
import { useResource } from './data/resource.js'
import { refused } from './data/token.js'
import { bytes, num, short } from './format/number.js'
import { live } from './incidents/live.js'
import { StateTag } from './parts/badges.js'

const everyMs = 15_000
/** The answer of a Tapio that is not well says so in its status too. */
const notReady = 503

export function ServiceLine () {
  const key = refused.value === undefined ? 'service' : undefined
  const info = useResource(key, signal => get<GetServiceInfoResponseJson>('/v1/info', {}, signal), true)
  const health = useResource(key, signal => get<HealthCheckResponseJson>('/v1/health', {}, signal, notReady), true)
  const turn = Math.floor(now.value / everyMs)
  // A stream that broke is the first to know.
  const isLive = live.value.kind === 'open'
  useEffect(() => {
    if (health.loading || info.loading) return
    health.reload()
    info.reload()
  }, [turn, isLive])
  const { version, host, mode, store } = info.data ?? {}
  const bad = health.data?.components?.filter(c => c.state !== 'ok') ?? []
  return (
    <footer class="service">
      {health.problem !== undefined ? <StateTag state="not_serving" reason={health.problem.message} /> : <StateTag state={health.data?.status} />}
      {bad.map(c => <span key={c.component}><code>{c.component}</code> <StateTag state={c.state} reason={c.reason} /></span>)}
      {info.data !== undefined && <span class="dim">Tapio {version} on {host} · {mode}{store !== undefined && ` · ${short(num(store.incidents))} incidents, ${short(num(store.events))} events, ${bytes(num(store.bytes))} stored`}</span>}
      {(store?.damaged ?? []).map(file => <span key={file} class="bad-text">✕ {file}</span>)}
      <a href="/openapi.json">API</a>
    </footer>
  )
}
