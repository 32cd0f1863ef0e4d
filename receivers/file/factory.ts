import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'
import { damagedBytes, damagedRegions, failedFiles, rejectedEvents } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'file',
  description: 'Replays recorded batches and JSON lines, at once, in their own rhythm, or faster.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  metrics: [damagedRegions, damagedBytes, failedFiles, rejectedEvents],
  drops: {
    refused: 'the pipeline refused the replayed rows',
    shutdown: 'read, but the pipeline did not take them before the time to stop ran out'
  },
  async create (services) {
    const { FileReceiver } = await import('./receiver.js')
    return services.construct(FileReceiver)
  }
})
