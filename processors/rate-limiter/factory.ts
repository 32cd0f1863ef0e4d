import { defineComponent } from '../../core/component/factory.js'
import { conditionFaults } from '../../core/match/conditions.js'
import { schema, type RateLimiterConfig } from './config.js'
import { configFaults } from './faults.js'
import { exempted, keysForgotten, keysHeld, turnedBack } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'rate_limiter',
  description: 'Lets so many events or bytes a second pass, for all or for each value of chosen fields.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  borrows: true,
  light: true,
  metrics: [turnedBack, exempted, keysHeld, keysForgotten],
  drops: { rate_limited: 'The key of the row was above its limit (`on_limit: drop`).' },
  remedies: { rate_limited: { options: ['rate', 'burst', 'bytes_rate', 'key', 'on_limit'], action: 'Raise the rate, or let senders wait with `on_limit: retry`; `tapio_rate_limiter_*` metrics say how many keys are at their limit.', isIntended: true } },
  check: config => [...configFaults(config as RateLimiterConfig), ...conditionFaults((config as RateLimiterConfig).exempt, ['exempt'])],
  async create (services) {
    const { RateLimiterProcessor } = await import('./processor.js')
    return services.construct(RateLimiterProcessor)
  }
})
