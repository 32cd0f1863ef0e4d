import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'
import { leftOutLines } from './metrics.js'

/** What zap's levels print most like. */
const verbosityOf = { debug: 'detailed', info: 'normal', warn: 'basic', error: 'basic' }

export const factory = defineComponent({
  kind: 'exporter',
  type: 'debug',
  aliases: { logging: {} },
  formerly: { loglevel: { option: 'verbosity', values: verbosityOf }, logLevel: { option: 'verbosity', values: verbosityOf } },
  description: 'Prints what arrives to the log, in a bounded number of lines.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  borrows: true,
  metrics: [leftOutLines],
  drops: {},
  async create (services) {
    const { DebugExporter } = await import('./exporter.js')
    return services.construct(DebugExporter)
  }
})
