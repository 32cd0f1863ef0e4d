import { defineComponent } from '../../core/component/factory.js'
import { schema, type ImpactConfig } from './config.js'
import { burningSlos, lateRequests, scoredSymptoms, waitingSymptoms } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'impact',
  description: 'Says how much each symptom matters: severity, place in the infrastructure, and promises that are broken.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  shares: true,
  metrics: [scoredSymptoms, waitingSymptoms, burningSlos, lateRequests],
  drops: {},
  check (config) {
    const { slos } = config as ImpactConfig
    const seen = new Set<string>()
    return slos.flatMap(({ service, availability, latency }, i) => {
      const isTwice = seen.has(service)
      seen.add(service)
      if (isTwice) return [{ path: ['slos', i, 'service'], message: `"${service}" has a target already` }]
      if (availability === undefined && latency === undefined) return [{ path: ['slos', i], message: 'a target needs `availability`, `latency` or both' }]
      return /^[^/]+(?:\/[^/]+)?$/.test(service) ? [] : [{ path: ['slos', i, 'service'], message: 'a service is `namespace/name` or a name' }]
    })
  },
  async create (services) {
    const { ImpactProcessor } = await import('./processor.js')
    return services.construct(ImpactProcessor)
  }
})
