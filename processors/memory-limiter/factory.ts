import { defineComponent } from '../../core/component/factory.js'
import { configFaults, schema, type MemoryLimiterConfig } from './config.js'
import { deferredRows, hardLimit, heapShare, levelChanges, levelNumber, usedBytes } from './metrics.js'
import { shedDrops, shedRemedies } from './shed.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'memory_limiter',
  description: 'Keeps the process below a limit of memory: it does with less in steps, refuses early, and keeps severe events last.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  light: true,
  borrows: true,
  metrics: [usedBytes, hardLimit, levelNumber, heapShare, levelChanges, deferredRows],
  drops: shedDrops,
  remedies: shedRemedies,
  check: config => configFaults(config as MemoryLimiterConfig),
  async create (services) {
    const { MemoryLimiter } = await import('./processor.js')
    return new MemoryLimiter(services)
  }
})
