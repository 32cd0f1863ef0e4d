/**
 * What every processor has that says it can be done without (`isolates` of its factory), those of plugins too: rows pass when it fails.
 *
 *   ──► [ the processor itself ] ──► next
 *    └── it threw, is late, or is out: marked `tapio.skipped_processors` ──┘
 */
import type { TObject } from '@sinclair/typebox'
import type { Consumer } from '../component/component.js'
import type { AnyComponent, ComponentFactory } from '../component/factory.js'
import { Options } from '../config/schema.js'
import { isolation, isolationMetrics, type IsolationConfig } from './isolation/options.js'

/** The factory unchanged when it does not ask for it. */
export function withIsolation (factory: ComponentFactory): ComponentFactory {
  const { properties, description } = factory.schema as TObject
  const { isolates } = factory
  if (factory.kind !== 'processor' || isolates === undefined || properties === undefined || 'isolation' in properties) return factory
  return Object.freeze({
    ...factory,
    schema: Options({ ...properties, isolation }, description === undefined ? {} : { description }),
    metrics: [...factory.metrics, ...isolationMetrics],
    create: async services => {
      const { isolation: config } = services.get('config') as { readonly isolation?: IsolationConfig }
      if (config === undefined || !config.enabled) return await factory.create(services)
      const { IsolatedProcessor } = await import('./isolation/isolated-processor.js')
      return await new IsolatedProcessor({
        config, services, learns: isolates === 'learns', shares: factory.shares === true, create: async own => await factory.create(own) as AnyComponent & Consumer
      }).create()
    }
  } satisfies ComponentFactory)
}
