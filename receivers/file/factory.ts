import { defineComponent } from '../../core/component/factory.js'
import { shutdownRemedy } from '../../core/component/remedy.js'
import { checkConfig, schema, type FileReceiverConfig } from './config.js'
import { damagedBytes, damagedRegions, failedFiles, followedFiles, rejectedEvents, unreadBytes } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'file',
  description: 'Replays recorded batches and JSON lines, at once, in their own rhythm, or faster; follows files that grow.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  metrics: [damagedRegions, damagedBytes, failedFiles, followedFiles, unreadBytes, rejectedEvents],
  drops: {
    shutdown: 'replayed, but the pipeline did not take them before the time to stop ran out; of files that are followed with a `state_file` they are read again'
  },
  remedies: { shutdown: shutdownRemedy },
  check: config => checkConfig(config as FileReceiverConfig),
  async create (services) {
    const { FileReceiver } = await import('./receiver.js')
    return services.construct(FileReceiver)
  }
})
