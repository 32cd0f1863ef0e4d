/** What `tapio graph --live` draws: the pipelines as they run, and how full the queues of their exporters are. */
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import type { ApiClient } from '../../api/client/client.js'
import type { MetricFamily, PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { queueCapacity, queuedBytes } from '../../delivery/queue/options.js'
import { exposedName } from '../../telemetry/declaration.js'

export interface Queue { readonly usedBytes: number, readonly capacityBytes: number }

export interface LiveGraph {
  readonly state: PipelineState
  /** By component: `exporter/otlp`. */
  readonly queues: ReadonlyMap<string, Queue>
}

/** One at the end of each interval. */
export async function * watchGraph (api: ApiClient, intervalMs: number, signal: AbortSignal): AsyncGenerator<LiveGraph, void> {
  for await (const { state } of api.stream(TapioService.method.watchPipelines, { interval: durationFromMs(intervalMs) }, { signal })) {
    if (state !== undefined) yield { state, queues: await queuesOf(api, signal) }
  }
}

/** As it is now: what losses are counted from. */
export async function graphNow (api: ApiClient, signal: AbortSignal): Promise<LiveGraph | undefined> {
  const { state } = await api.unary(TapioService.method.getPipelines, {}, { signal })
  return state === undefined ? undefined : { state, queues: new Map() }
}

async function queuesOf (api: ApiClient, signal: AbortSignal): Promise<Map<string, Queue>> {
  const { families } = await api.unary(TapioService.method.getMetrics, { prefix: 'tapio_sending_queue' }, { signal })
  const [used, capacity] = [queuedBytes, queueCapacity].map(of => valuesOf(families.find(f => f.name === exposedName(of))))
  return new Map([...capacity ?? []].filter(([, bytes]) => bytes > 0).map(([component, bytes]) => [component, { usedBytes: used?.get(component) ?? 0, capacityBytes: bytes }]))
}

function valuesOf (family: MetricFamily | undefined): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { attributes, value } of family?.series ?? []) {
    const component = `${attributes['component_kind'] ?? ''}/${attributes['component_id'] ?? ''}`
    sums.set(component, (sums.get(component) ?? 0) + value)
  }
  return sums
}
