/** TapioService: the running Tapio itself. */
import { hostname } from 'node:os'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import { edgesOf } from '../../graph/edges-of.js'
import { edgeTest, TapRefused, type Tapped } from '../../graph/tap.js'
import type { MetricSnapshot } from '../../telemetry/snapshot.js'
import { ApiError, scopes, serve, type Call, type ServedService } from '../call.js'
import type { GetServiceInfoResponseSchema, LimitsSchema, PipelineStateSchema, StoreInfoSchema, TapResponseSchema } from '../gen/tapio/v1/runtime_pb.js'
import type { TapRequest } from '../gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../gen/tapio/v1/tapio_service_pb.js'
import type { ApiHost } from '../host.js'
import { eventMessages } from '../messages/event.js'
import { badField } from '../messages/faults.js'
import { healthMessage } from '../messages/health.js'
import { metricMessages } from '../messages/metrics.js'
import { u64 } from '../messages/numbers.js'
import { pipelineState } from '../messages/pipelines.js'
import { tapFilterOf } from '../messages/questions.js'
import { requestedDurationMs, timestampOf } from '../messages/time.js'
import { topologyMessage, topologyQuestionOf } from '../messages/topology.js'
import { askComponent, asked, planOr, type ReadableStore } from './asking.js'
import { pause } from './streams.js'

export interface TapioServiceOptions {
  readonly host: ApiHost
  readonly store: ReadableStore | undefined
  readonly clock: Clock
  readonly limits: MessageInitShape<typeof LimitsSchema>
}

const apiVersions = ['tapio.v1']
const defaultIntervalMs = 1000
const intervalsMs = { min: 250, max: 60_000 } as const
const defaultTapRate = 10
/** Edges named to somebody who named none of them. */
const maxNamed = 20
/** A look that was longer ago says nothing about now. */
const longestWindowMs = 60_000
/** A shorter window makes rates jump. */
const shortestWindowMs = 900

export function tapioService (options: TapioServiceOptions): ServedService {
  const { host, store, clock } = options
  const lastLook = new LastLook()
  return serve(TapioService, {
    async getServiceInfo () { return await infoMessage(options) },

    async healthCheck (_, call) { return healthMessage(await host.health(), scopes.indexOf(call.caller.scope) >= scopes.indexOf('read')) },

    async getMetrics ({ prefix }) { return { families: metricMessages(await host.metrics(), prefix) } },

    async getPipelines () {
      const now = await host.metrics()
      return { state: await stateAt(host, clock, now, lastLook.before(now)) }
    },

    async * watchPipelines ({ interval }, call) {
      planOr(host)
      const intervalMs = requestedDurationMs(interval, 'interval') || defaultIntervalMs
      if (intervalMs < intervalsMs.min || intervalMs > intervalsMs.max) throw badField('interval', `is ${intervalMs / 1000} s; ${intervalsMs.min / 1000} s to ${intervalsMs.max / 1000} s is expected`)
      let before = await host.metrics()
      for (;;) {
        await pause(clock, intervalMs, call.signal)
        const now = await host.metrics()
        // The host may give one snapshot twice; what flowed is then seen at the next look.
        if (now.atMs <= before.atMs) continue
        yield { state: await stateAt(host, clock, now, before) }
        before = now
      }
    },

    tap: (request, call) => tapped(host, request, call),

    async getTopology (request, call) {
      const question = topologyQuestionOf(request)
      const components = host.answering('topology.view')
      if (components.length === 0) throw new ApiError('FAILED_PRECONDITION', 'no pipeline that runs here knows the topology: it needs the processor `context`, and the objects of the cluster from the receiver `kubernetes` or `snapshot`')
      return topologyMessage(await Promise.all(components.map(c => askComponent(host, c, 'topology.view', question, call.signal))), question.limit)
    }
  })

  async function infoMessage ({ limits }: TapioServiceOptions): Promise<MessageInitShape<typeof GetServiceInfoResponseSchema>> {
    const { plan } = host
    return {
      version: host.version, apiVersions, mode: plan?.service.mode ?? 'serve', startTime: timestampOf(host.startedMs), host: hostname(), features: featuresOf(host, store),
      limits, store: store === undefined ? undefined : await storeInfo(store)
    }
  }
}

function featuresOf (host: ApiHost, store: ReadableStore | undefined): string[] {
  const features: readonly (readonly [string, boolean])[] = [
    ['events', store !== undefined], ['incidents', store !== undefined], ['topology', host.answering('topology.view').length > 0],
    ['pipelines', host.plan !== undefined], ['tap', host.plan !== undefined], ['submit', host.answering('events.submit').length > 0]
  ]
  return features.filter(([, has]) => has).map(([feature]) => feature)
}

async function storeInfo (store: ReadableStore): Promise<MessageInitShape<typeof StoreInfoSchema>> {
  const { events, incidents, links, bytes, oldestMs, newestMs, damaged } = await asked(store.stats())
  return { events: u64(events), incidents: u64(incidents), correlations: u64(links), bytes: u64(bytes), oldestTime: timestampOf(oldestMs), newestTime: timestampOf(newestMs), damaged: [...damaged] }
}

async function stateAt (host: ApiHost, clock: Clock, now: MetricSnapshot, before: MetricSnapshot | undefined): Promise<MessageInitShape<typeof PipelineStateSchema>> {
  const timeMs = clock.unixMs()
  const windowMs = before === undefined ? Math.max(0, timeMs - host.startedMs) : now.atMs - before.atMs
  return pipelineState({ plan: planOr(host), timeMs, now, before, windowMs, health: await host.health() })
}

/** The moment that GetPipelines counts from: the last look of anybody, when that was neither just now nor long ago. */
class LastLook {
  #old: MetricSnapshot | undefined
  #recent: MetricSnapshot | undefined

  before (now: MetricSnapshot): MetricSnapshot | undefined {
    if (this.#recent !== undefined && now.atMs - this.#recent.atMs >= shortestWindowMs) {
      this.#old = this.#recent
      this.#recent = undefined
    }
    if (this.#old !== undefined && now.atMs - this.#old.atMs > longestWindowMs) this.#old = undefined
    this.#recent ??= now
    return this.#old
  }
}

async function * tapped (host: ApiHost, { edge, filter, maxEventsPerSecond }: TapRequest, { signal }: Call): AsyncGenerator<MessageInitShape<typeof TapResponseSchema>> {
  const edges = edgesOf(planOr(host))
  const names = [...new Set(edges.map(e => `${e.from} -> ${e.to}`))]
  if (!edges.some(edgeTest(edge))) throw badField('edge', `is ${JSON.stringify(edge)}, which fits none of ${names.slice(0, maxNamed).join(', ')}${names.length > maxNamed ? ', …' : ''}; a component fits too, and * any part`)
  const selection = { edge, filter: tapFilterOf(filter), maxEventsPerSecond: maxEventsPerSecond === 0 ? defaultTapRate : maxEventsPerSecond }
  try {
    for await (const seen of host.tap(selection, signal)) yield tapMessage(seen)
  } catch (error) {
    if (error instanceof TapRefused) throw new ApiError(error.why === 'no_edge' ? 'INVALID_ARGUMENT' : error.why === 'gone' ? 'UNAVAILABLE' : 'RESOURCE_EXHAUSTED', error.message)
    throw error
  }
  signal.throwIfAborted()
}

function tapMessage ({ rows, passed, notShown }: Tapped): MessageInitShape<typeof TapResponseSchema> {
  return { events: rows.flatMap(({ from, to, pipeline, batch }) => eventMessages(batch).map(event => ({ from, to, pipeline, event }))), passed: u64(passed), notShown: u64(notShown) }
}
