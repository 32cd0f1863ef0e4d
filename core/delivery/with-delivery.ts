/**
 * What every exporter has beside its own options, whatever it is: a queue, dead letters, a circuit breaker. Applied to each exporter of
 * a catalog, those of plugins too.
 *
 *   pipeline ──► queue (memory or disk) ──► circuit breaker ──► the exporter itself, with its own timeout and requests
 *                   │ rejected for good
 *                   ▼
 *               dead letters
 *
 * Behind a queue or a breaker the exporter itself does not retry: it would hide failures from the breaker for minutes. The queue does, as
 * `retry_on_failure` says; with a breaker alone batches go back to whoever sent them.
 */
import type { TObject } from '@sinclair/typebox'
import type { Consumer } from '../component/component.js'
import type { AnyComponent, ComponentFactory, ConfigFault } from '../component/factory.js'
import type { Services } from '../component/services.js'
import { Options } from '../config/schema.js'
import { breakerMetrics, circuitBreaker, type CircuitBreakerConfig } from './breaker/options.js'
import type { RetryOnFailure } from './retry-on-failure.js'
import { Voices } from './voices.js'
import { deadLetter, queueDrops, queueRemedies, queueMetrics, sendingQueue, type SendingQueueConfig } from './queue/options.js'

const batchesPutAtOnce = 16

interface DeliveryConfig { readonly sending_queue?: SendingQueueConfig, readonly circuit_breaker?: CircuitBreakerConfig }

const isQueued = (config: unknown): boolean => (config as DeliveryConfig).sending_queue?.enabled === true
const inMemory = (config: unknown): boolean => (config as DeliveryConfig).sending_queue?.directory === undefined
const breaks = (config: unknown): boolean => (config as DeliveryConfig).circuit_breaker?.enabled === true

/** The options that every exporter has. */
export const deliveryOptions = { sending_queue: sendingQueue, dead_letter: deadLetter, circuit_breaker: circuitBreaker }
export const deliveryMetrics = [...queueMetrics, ...breakerMetrics]
export { queueDrops as deliveryDrops, queueRemedies as deliveryRemedies } from './queue/options.js'

/** The factory unchanged when it is no exporter's. */
export function withDelivery (factory: ComponentFactory): ComponentFactory {
  const { properties, description } = factory.schema as TObject
  if (factory.kind !== 'exporter' || properties === undefined || 'sending_queue' in properties) return factory
  return Object.freeze({
    ...factory,
    schema: Options({ ...properties, ...deliveryOptions }, description === undefined ? {} : { description }),
    metrics: [...factory.metrics, ...deliveryMetrics],
    drops: { ...queueDrops, ...factory.drops },
    remedies: { ...queueRemedies, ...factory.remedies },
    parallel: config => isQueued(config) ? batchesPutAtOnce : factory.parallel?.(config) ?? 1,
    check: config => [...factory.check?.(config) ?? [], ...queueFaults(config)],
    answersEarly: config => isQueued(config) && inMemory(config) ? 'give its `sending_queue` a `directory`' : factory.answersEarly?.(config),
    create: async services => {
      if (!isQueued(services.get('config')) && !breaks(services.get('config'))) return await factory.create(services)
      const voices = new Voices(services.get('status'))
      return await wrap(await factory.create(ofInner(services).with({ status: voices.voice() })) as AnyComponent & Consumer, services, voices, factory.borrows === true)
    }
  } satisfies ComponentFactory)
}

function queueFaults (config: unknown): readonly ConfigFault[] {
  const queue = (config as DeliveryConfig).sending_queue
  if (queue?.directory === undefined || queue.spill_directory === undefined) return []
  return [{ path: ['sending_queue', 'spill_directory'], message: 'is for a queue in memory, and this one has a `directory`: leave one of the two out' }]
}

function ofInner (services: Services): Services {
  const config = services.get('config') as { readonly retry_on_failure?: RetryOnFailure }
  if (config.retry_on_failure === undefined || !(isQueued(config) || breaks(config))) return services
  return services.with({ config: { ...config, retry_on_failure: { ...config.retry_on_failure, enabled: false } } })
}

async function wrap (exporter: AnyComponent & Consumer, services: Services, voices: Voices, borrows: boolean): Promise<AnyComponent> {
  const config = services.get('config')
  let wrapped = exporter
  if (breaks(config)) {
    const { BreakingExporter } = await import('./breaker/breaking-exporter.js')
    wrapped = new BreakingExporter(wrapped, services.with({ status: voices.voice() }))
  }
  if (isQueued(config)) {
    const { QueuedExporter } = await import('./queue/queued-exporter.js')
    wrapped = new QueuedExporter(wrapped, services.with({ status: voices.voice() }), borrows)
  }
  return wrapped
}
