/** Where rows of a running Tapio ended, each told once: two looks at its counters. */
import { durationFromMs, timestampMs } from '@bufbuild/protobuf/wkt'
import type { ApiClient } from '../../api/client/client.js'
import type { ComponentHealth, MetricFamily, PipelineEdge, PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { poisonBatches, ringLost, workerLost } from '../../graph/runtime-metrics.js'
import { exposedName } from '../../telemetry/declaration.js'
import { componentDropped } from '../../telemetry/drops.js'

export interface Lost {
  /** `exporter/otlp`, `processor/batch -> exporter/otlp`, `ring main:in:process-0`, `thread process-0`. */
  readonly place: string
  /** The component whose state says more: that at the far end of an edge. */
  readonly component: string | undefined
  /** Its options govern it: the component counted it itself. */
  readonly isOwn: boolean
  /** Empty: of all of them. */
  readonly pipeline: string
  readonly reason: string
  /** Since the start. */
  readonly events: number
  readonly perSecond: number
  /** Rows that the place was given since the start; undefined: not known. */
  readonly given: number | undefined
}

export interface Look {
  readonly state: PipelineState
  readonly lost: readonly Lost[]
  /** By component. */
  readonly health: ReadonlyMap<string, ComponentHealth>
  /** Rows that receivers brought since the start; one that feeds several pipelines brought them once. */
  readonly brought: number
  readonly upMs: number
}

interface Counted extends Omit<Lost, 'perSecond'> { readonly key: string }
interface Sample { readonly state: PipelineState, readonly counted: readonly Counted[] }

/** Looks, waits for the end of an interval, and looks again. Rejects with ApiError. */
export async function lookAtLosses (api: ApiClient, intervalMs: number, signal: AbortSignal): Promise<Look> {
  const now = async (): Promise<PipelineState> => {
    const { state } = await api.unary(TapioService.method.getPipelines, {}, { signal })
    if (state === undefined) throw new Error(`${api.where} says nothing of its pipelines`)
    return state
  }
  const first = await sample(api, await now(), signal)
  const second = await sample(api, await nextState(api, intervalMs, signal) ?? await now(), signal)
  const { components } = await api.unary(TapioService.method.healthCheck, {}, { signal })
  const { state } = second
  const seconds = msBetween(first.state, state) / 1000
  const before = new Map(first.counted.map(c => [c.key, c.events]))
  return {
    state,
    lost: second.counted.map(({ key, ...counted }) => ({ ...counted, perSecond: seconds > 0 ? Math.max(0, counted.events - (before.get(key) ?? 0)) / seconds : 0 })),
    health: new Map(components.map(c => [c.component, c])),
    brought: broughtBy(state),
    upMs: (state.process?.uptimeSeconds ?? 0) * 1000
  }
}

function broughtBy ({ edges }: PipelineState): number {
  const most = new Map<string, number>()
  for (const { from, sent } of edges) if (from.startsWith('receiver/')) most.set(from, Math.max(most.get(from) ?? 0, Number(sent)))
  return [...most.values()].reduce((sum, n) => sum + n, 0)
}

async function nextState (api: ApiClient, intervalMs: number, signal: AbortSignal): Promise<PipelineState | undefined> {
  for await (const { state } of api.stream(TapioService.method.watchPipelines, { interval: durationFromMs(intervalMs) }, { signal })) return state
  return undefined
}

async function sample (api: ApiClient, state: PipelineState, signal: AbortSignal): Promise<Sample> {
  const names = [componentDropped, ringLost, workerLost, poisonBatches].map(exposedName)
  const [dropped, rings, workers, poison] = await Promise.all(names.map(async prefix => (await api.unary(TapioService.method.getMetrics, { prefix }, { signal })).families.find(f => f.name === prefix)))
  return { state, counted: [...ofComponents(dropped, state), ...ofEdges(state), ...ofPlace('ring', 'lost', rings), ...ofPlace('thread', 'worker_lost', workers), ...ofPlace('ring', 'poison', poison)].filter(c => c.events > 0) }
}

function ofComponents (family: MetricFamily | undefined, { edges }: PipelineState): Counted[] {
  return (family?.series ?? []).map(({ attributes, value: events }) => {
    const { component = '', pipeline = '', reason = '' } = attributes
    const isHere = (e: PipelineEdge): boolean => pipeline === '' || e.pipeline === pipeline
    const given = component.startsWith('receiver/')
      ? Math.max(0, ...edges.filter(e => e.from === component).map(e => Number(e.sent))) + events
      : edges.filter(e => e.to === component && isHere(e)).reduce((sum, e) => sum + Number(e.sent), 0)
    const isRing = component.startsWith('ring/')
    return {
      key: `${component}\n${pipeline}\n${reason}`, place: isRing ? component.replace('/', ' ') : component, component: isRing ? undefined : component,
      isOwn: !isRing, pipeline, reason, events, given: given > 0 ? given : undefined
    }
  })
}

/** A rejection goes back the way a batch came: it is told where it began, not again at every edge before. */
function ofEdges (state: PipelineState): Counted[] {
  return state.edges.flatMap(edge => {
    const { from, to, pipeline, sent, drops } = edge
    const at = { place: `${from} -> ${to}`, component: to, isOwn: false, pipeline, given: Number(sent) }
    const rejected = Number(edge.rejected) - toldFurtherOn(edge, state)
    const counts = [...drops.map(d => [d.reason, Number(d.events)] as const), ...(rejected > 0 ? [['rejected', rejected] as const] : [])]
    return counts.map(([reason, events]) => ({ ...at, key: `${at.place}\n${pipeline}\n${reason}`, reason, events }))
  })
}

function toldFurtherOn ({ to, pipeline }: PipelineEdge, { edges, components }: PipelineState): number {
  const onward = edges.filter(e => e.from === to && e.pipeline === pipeline)
  const sumOf = (drops: PipelineEdge['drops']): number => drops.reduce((sum, d) => sum + Number(d.events), 0)
  return onward.reduce((sum, e) => sum + Number(e.rejected) + sumOf(e.drops), 0) + sumOf(components.find(c => c.name === to)?.drops ?? [])
}

function ofPlace (kind: 'ring' | 'thread', reason: string, family: MetricFamily | undefined): Counted[] {
  return (family?.series ?? []).map(({ attributes, value: events }) => {
    const place = `${kind} ${attributes[kind] ?? ''}`
    return { key: `${place}\n${reason}`, place, component: undefined, isOwn: false, pipeline: kind === 'ring' ? (attributes['ring'] ?? '').split(':')[0] ?? '' : '', reason, events, given: undefined }
  })
}

function msBetween (a: PipelineState, b: PipelineState): number { return a.time === undefined || b.time === undefined ? 0 : timestampMs(b.time) - timestampMs(a.time) }
