/** The tapio receiver, as Tapio knows it. */
import { defineComponent } from '../../core/component/factory.js'
import { checkConfig, schema, type Config } from './config.js'
import { declarations } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'tapio',
  description: 'Takes in what other Tapio instances send (`tapio collect`, the tapio exporter): acknowledged, resumable, repeats known by event id.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  endToEnd: true,
  answers: ['collectors.list'],
  metrics: declarations,
  drops: {},
  check: config => checkConfig(config as Config),
  async create (services) {
    const { TapioReceiver } = await import('./receiver.js')
    return new TapioReceiver(services)
  }
})
