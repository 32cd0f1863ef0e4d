/** CollectorService: who brings events, and how registered collectors are asked to work. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import { matches } from '../../telemetry/snapshot.js'
import { ApiError, serve, type Call, type ServedService } from '../call.js'
import type { CollectorStreamRequest, CollectorStreamResponseSchema, HeartbeatRequest, HeartbeatResponseSchema, UpdateConfigRequest } from '../gen/tapio/v1/collector_pb.js'
import { CollectorService } from '../gen/tapio/v1/collector_service_pb.js'
import type { ApiHost } from '../host.js'
import { configMessage, etagOf, settingsOf, type ConfigInit } from '../messages/collector-config.js'
import { badField } from '../messages/faults.js'
import { pageOfList } from '../messages/list-page.js'
import { metricMessages, type FamilyInit } from '../messages/metrics.js'
import { durationOf, timestampOf } from '../messages/time.js'
import { structOf } from '../messages/values.js'
import { toAttributeValue, type Attributes } from '../../data/attributes.js'
import { maxWaiting, takeBatch } from './events.js'
import { knownCollectors, type CollectorInit } from './known-collectors.js'
import type { RegisteredCollector, Registry } from './registry.js'
import { answersInOrder, type Notices } from './streams.js'
import type { Submitter } from './submit.js'

export interface CollectorServiceOptions {
  readonly host: ApiHost
  readonly registry: Registry
  readonly submitter: Submitter
  readonly clock: Clock
}

export function collectorService ({ host, registry, submitter, clock }: CollectorServiceOptions): ServedService {
  const find = async (id: string, signal: AbortSignal): Promise<CollectorInit> => {
    const found = (await knownCollectors(host, registry, signal)).find(c => c.id === id)
    if (found === undefined) throw unknown(id)
    return found
  }
  return serve(CollectorService, {
    async listCollectors ({ kind, state, page }, { signal }) {
      const all = await knownCollectors(host, registry, signal)
      const { items, next } = pageOfList(all.filter(c => (kind === '' || c.kind === kind) && (state === '' || c.state === state)), [kind, state], page)
      return { collectors: [...items], nextPageToken: next }
    },

    async getCollector ({ id }, { signal }) { return { collector: await find(id, signal) } },

    async getConfig ({ id }, { signal }) {
      const registered = registry.get(id)
      if (registered !== undefined) return { config: configOf(registered) }
      const { kind } = await find(id, signal)
      if (kind === 'tapio') throw new ApiError('FAILED_PRECONDITION', `${id} is another Tapio: ask it for its configuration`)
      return { config: receiverConfig(host, id) }
    },

    async getMetrics ({ id }, { signal }) {
      const registered = registry.get(id)
      if (registered !== undefined) return { families: registeredMetrics(id, registered.events, registered.rejected) }
      const collector = await find(id, signal)
      if (collector.kind === 'tapio') return { families: registeredMetrics(id, Number(collector.events ?? 0n), Number(collector.rejected ?? 0n)) }
      const own = { component_kind: 'receiver', component_id: id.slice('receiver/'.length) }
      return { families: metricMessages(await host.metrics(), '', a => a.from === id || a.component === id || matches(a, own)) }
    },

    async registerCollector (request) {
      const { id, type, version, host: at, labels, capabilities } = request
      return await Promise.resolve({ config: configOf(registry.register({ id, type, version, host: at, labels, capabilities })) })
    },

    heartbeat: (requests, call) => heartbeats(requests, call, registry, clock),

    streamEvents: (requests, call) => streamed(requests, call, registry, submitter),

    async updateConfig (request, { signal }) { return { config: await update(request, signal) } },

    async unregisterCollector ({ id }, { signal }) {
      if (registry.unregister(id)) return {}
      const { kind } = await find(id, signal)
      throw new ApiError('FAILED_PRECONDITION', kind === 'receiver' ? `${id} is a receiver of this Tapio: take it out of its configuration` : `${id} is another Tapio: it is forgotten when it sends no more`)
    }
  })

  async function update ({ id, config, validateOnly }: UpdateConfigRequest, signal: AbortSignal): Promise<ConfigInit> {
    const collector = registry.get(id)
    if (collector === undefined) {
      const { kind } = await find(id, signal)
      throw new ApiError('FAILED_PRECONDITION', kind === 'receiver' ? `${id} is a receiver of this Tapio: change its configuration file` : `${id} is another Tapio: change it there`)
    }
    if (config === undefined) throw badField('config', 'is missing')
    const settings = settingsOf(config)
    if (config.etag !== '' && config.etag !== collector.etag) throw new ApiError('ABORTED', `the configuration of ${id} was changed meanwhile: it has the etag ${collector.etag}, not ${config.etag}; read it, and make the change again`)
    if (validateOnly) return configMessage(etagOf(settings), settings)
    collector.change(settings)
    return configOf(collector)
  }
}

const unknown = (id: string): ApiError => new ApiError('NOT_FOUND', `no collector ${JSON.stringify(id)} is known here; ListCollectors lists those that are`)

const configOf = ({ etag, settings }: RegisteredCollector): ConfigInit => configMessage(etag, settings)

function receiverConfig (host: ApiHost, id: string): ConfigInit {
  const settings = structOf(toAttributeValue(host.settings(id) ?? {}) as Attributes)
  return { etag: etagOf({ maxBatchSize: 0, maxEventsPerSecond: 0, heartbeatMs: 0, settings }), settings }
}

/** What is counted here about a collector that is elsewhere. */
function registeredMetrics (collector: string, events: number, rejected: number): FamilyInit[] {
  const family = (name: string, description: string, value: number): FamilyInit => ({ name, kind: 'counter', unit: 'events', description, series: [{ attributes: { collector }, value }] })
  return [family('tapio_collector_accepted_events_total', 'Events it brought that were taken.', events), family('tapio_collector_rejected_events_total', 'Events it brought that were not.', rejected)]
}

function registeredOr (registry: Registry, id: string, path: string): RegisteredCollector {
  if (id === '') throw badField(path, 'is missing: the first message of the stream says which collector speaks')
  const collector = registry.get(id)
  if (collector === undefined) throw new ApiError('NOT_FOUND', `no collector ${JSON.stringify(id)} is registered; register it first, also after a restart of Tapio`)
  return collector
}

/** Whether the collector of a stream is still there; the first message says which it is. */
class Speaker {
  #collector: RegisteredCollector | undefined

  constructor (readonly registry: Registry, readonly path: string) {}

  /** Throws ApiError when there is none, when another speaks, or when it was unregistered. */
  of (id: string): RegisteredCollector {
    const collector = this.#collector ??= registeredOr(this.registry, id, this.path)
    if (id !== '' && id !== collector.identity.id) throw badField(this.path, `is ${id}, but this stream is of ${collector.identity.id}`)
    if (collector.isGone) throw unknown(collector.identity.id)
    return collector
  }

  get collector (): RegisteredCollector | undefined { return this.#collector }
}

/** Tells a stream of the changes of its collector's configuration; `known`: the etag it works with. Throws when it was unregistered. */
class ConfigNotices<T> implements Notices<T> {
  known: string | undefined
  #begun = begin()

  constructor (readonly speaker: Speaker, readonly toAnswer: (config: ConfigInit) => T) {}

  /** The collector has said who it is and what it works with. */
  begin (etag: string): void {
    this.known = etag
    this.#begun.resolve()
  }

  take (): T | undefined {
    const { collector } = this.speaker
    if (collector === undefined || this.known === undefined) return undefined
    if (collector.isGone) throw unknown(collector.identity.id)
    if (collector.etag === this.known) return undefined
    this.known = collector.etag
    return this.toAnswer(configOf(collector))
  }

  changed (): Promise<void> { return this.known === undefined ? this.#begun.promise : this.speaker.collector?.changed() ?? this.#begun.promise }
}

function begin (): { readonly promise: Promise<void>, readonly resolve: () => void } {
  let resolve = (): void => undefined
  return { promise: new Promise<void>(done => { resolve = done }), resolve: () => { resolve() } }
}

type Beat = MessageInitShape<typeof HeartbeatResponseSchema>

/** Answers are made when the client takes them, so that none of them tells of a configuration that was changed meanwhile. */
async function * heartbeats (requests: AsyncIterable<HeartbeatRequest>, { signal }: Call, registry: Registry, clock: Clock): AsyncGenerator<Beat> {
  const speaker = new Speaker(registry, 'id')
  const notices = new ConfigNotices<() => Beat>(speaker, config => () => ({ time: timestampOf(clock.unixMs()), config }))
  const work = async ({ id, state, reason, configEtag }: HeartbeatRequest): Promise<() => Beat> => {
    const collector = await Promise.resolve(speaker.of(id))
    collector.seen()
    collector.state = state === '' ? 'ok' : state
    collector.reason = reason
    return () => {
      notices.begin(collector.etag)
      return { time: timestampOf(clock.unixMs()), config: configEtag === collector.etag ? undefined : configOf(collector) }
    }
  }
  for await (const answer of answersInOrder(requests, 1, work, signal, notices)) yield answer()
}

function streamed (requests: AsyncIterable<CollectorStreamRequest>, { signal }: Call, registry: Registry, submitter: Submitter): AsyncGenerator<MessageInitShape<typeof CollectorStreamResponseSchema>> {
  const speaker = new Speaker(registry, 'collector_id')
  const notices = new ConfigNotices<MessageInitShape<typeof CollectorStreamResponseSchema>>(speaker, config => ({ config }))
  return answersInOrder(requests, maxWaiting, async ({ collectorId, batch }) => {
    const collector = speaker.of(collectorId)
    collector.seen()
    if (notices.known === undefined) notices.begin(collector.etag)
    if (batch === undefined) return {}
    return { outcome: await outcomeOf(collector, batch, submitter, signal) }
  }, signal, notices)
}

async function outcomeOf (collector: RegisteredCollector, batch: NonNullable<CollectorStreamRequest['batch']>, submitter: Submitter, signal: AbortSignal): ReturnType<typeof takeBatch> {
  const { sequence, events: { length } } = batch
  const { maxBatchSize, maxEventsPerSecond } = collector.settings
  if (length > maxBatchSize) {
    collector.rejected += length
    return { sequence, outcome: 'rejected', rejected: length, reason: `the batch has ${length} events, this collector is asked to send at most ${maxBatchSize} in one` }
  }
  const waitMs = collector.admit(length)
  if (waitMs > 0) return { sequence, outcome: 'retry', reason: `this collector is asked to send at most ${maxEventsPerSecond} events a second`, retryAfter: durationOf(waitMs) }
  const outcome = await takeBatch(submitter, batch, signal)
  if (outcome.outcome !== 'retry') {
    const rejected = outcome.rejected ?? 0
    collector.events += length - rejected
    collector.rejected += rejected
  }
  return outcome
}
