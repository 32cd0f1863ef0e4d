/** Everything that brings events, as one list: receivers of this Tapio, other Tapios that send to it, registered collectors. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { componentId } from '../../component/id.js'
import type { RemoteCollector } from '../../component/questions.js'
import { edgesOf } from '../../graph/edges-of.js'
import type { Plan } from '../../graph/plan.js'
import type { CollectorSchema } from '../gen/tapio/v1/collector_pb.js'
import type { ApiHost } from '../host.js'
import { countsOf, type Counts } from '../messages/edge-counts.js'
import { stateOf } from '../messages/health.js'
import { u64 } from '../messages/numbers.js'
import { planNodes } from '../messages/plan-nodes.js'
import { timestampOf } from '../messages/time.js'
import { askComponent } from './asking.js'
import type { RegisteredCollector, Registry } from './registry.js'

export type CollectorInit = MessageInitShape<typeof CollectorSchema> & { readonly id: string, readonly kind: 'receiver' | 'tapio' | 'registered', readonly state: string }

/** By id. */
export async function knownCollectors (host: ApiHost, registry: Registry, signal: AbortSignal): Promise<CollectorInit[]> {
  // Another Tapio that has registered too is told as it says itself.
  const remote = (await remoteCollectors(host, signal)).filter(c => registry.get(c.id) === undefined)
  const all = [...await receivers(host), ...remote, ...registry.all().map(registeredMessage)]
  return all.sort((a, b) => a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

async function receivers (host: ApiHost): Promise<CollectorInit[]> {
  const { plan, version, startedMs } = host
  if (plan === undefined) return []
  const [health, metrics] = await Promise.all([host.health(), host.metrics()])
  const counts = countsOf(metrics)
  return planNodes(plan).filter(n => n.kind === 'receiver').map(({ name, id }) => ({
    id: name, kind: 'receiver', type: componentId('receiver', id).type, version, ...stateOf(health, name), registeredTime: timestampOf(startedMs),
    events: brought(plan, counts, name, c => c.accepted), rejected: brought(plan, counts, name, c => c.rejected + c.refused)
  }))
}

/**
 * Rows over the edges of a receiver. Pipelines that take all signals get the same rows, so the most of them counts; those that take
 * one each get different rows, which add up.
 */
function brought (plan: Plan, counts: Counts, receiver: string, of: (edge: ReturnType<Counts['edge']>) => bigint): bigint {
  const bySignal = new Map<string, bigint>()
  for (const edge of edgesOf(plan)) {
    if (edge.from !== receiver) continue
    const signal = plan.pipelines.find(p => p.id === edge.pipeline)?.signal ?? ''
    const rows = of(counts.edge(edge))
    if (rows > (bySignal.get(signal) ?? -1n)) bySignal.set(signal, rows)
  }
  const ofAll = bySignal.get('') ?? 0n
  bySignal.delete('')
  const ofEach = [...bySignal.values()].reduce((sum, n) => sum + n, 0n)
  return ofAll > ofEach ? ofAll : ofEach
}

/** One that sends to several receivers here is one. */
async function remoteCollectors (host: ApiHost, signal: AbortSignal): Promise<CollectorInit[]> {
  const answers = await Promise.all(host.answering('collectors.list').map(component => askComponent(host, component, 'collectors.list', null, signal)))
  const byId = new Map<string, RemoteCollector>()
  for (const one of answers.flat()) {
    const known = byId.get(one.id)
    byId.set(one.id, known === undefined ? one : {
      id: one.id, connected: known.connected || one.connected, lastSeenMs: Math.max(known.lastSeenMs, one.lastSeenMs), events: known.events + one.events, rejected: known.rejected + one.rejected
    })
  }
  return Array.from(byId.values(), ({ id, connected, lastSeenMs, events, rejected }) => ({
    id, kind: 'tapio', type: 'tapio', state: connected ? 'connected' : 'away', lastSeenTime: lastSeenMs === 0 ? undefined : timestampOf(lastSeenMs), events: u64(events), rejected: u64(rejected)
  }))
}

export function registeredMessage (collector: RegisteredCollector): CollectorInit {
  const { identity: { id, type, version, host, labels, capabilities }, reason, registeredMs, lastSeenMs, events, rejected } = collector
  const state = collector.stateNow
  return {
    id, kind: 'registered', type, version, host, labels: { ...labels }, state, reason: state === 'away' ? 'no sign of life for three heartbeat intervals' : reason,
    registeredTime: timestampOf(registeredMs), lastSeenTime: timestampOf(lastSeenMs), events: u64(events), rejected: u64(rejected), capabilities: [...capabilities]
  }
}
