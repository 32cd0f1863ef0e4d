/** Gives an exporter `sending_queue` and `dead_letter`, whatever it is: applied to every exporter of a catalog. */
import type { TObject } from '@sinclair/typebox'
import type { ComponentFactory } from '../../component/factory.js'
import type { Consumer } from '../../component/component.js'
import { Options } from '../../config/schema.js'
import { deadLetter, queueDrops, queueMetrics, sendingQueue } from './options.js'
import type { QueuedConfig } from './queued-exporter.js'

const batchesPutAtOnce = 16

export function withQueue (factory: ComponentFactory): ComponentFactory {
  const { properties, description } = factory.schema as TObject
  if (factory.kind !== 'exporter' || properties === undefined || 'sending_queue' in properties) return factory
  return Object.freeze({
    ...factory,
    schema: Options({ ...properties, sending_queue: sendingQueue, dead_letter: deadLetter }, description === undefined ? {} : { description }),
    metrics: [...factory.metrics, ...queueMetrics],
    drops: { ...queueDrops, ...factory.drops },
    parallel: config => isQueued(config) ? batchesPutAtOnce : factory.parallel?.(config) ?? 1,
    async create (services) {
      const inner = await factory.create(services)
      if (!isQueued(services.get('config'))) return inner
      const { QueuedExporter } = await import('./queued-exporter.js')
      return new QueuedExporter(inner as typeof inner & Consumer, services)
    }
  } satisfies ComponentFactory)
}

const isQueued = (config: unknown): boolean => (config as QueuedConfig).sending_queue?.enabled === true
