import { defineComponent } from '../../core/component/factory.js'
import { refusedRemedy, shutdownRemedy } from '../../core/component/remedy.js'
import { schema, type BatchConfig } from './config.js'
import { batchSize, lateRejections, pendingRows, retries, triggers } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'batch',
  description: 'Joins small batches into larger ones, by size and time, and holds them until they are delivered.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  light: true,
  borrows: true,
  metrics: [batchSize, triggers, lateRejections, retries, pendingRows],
  drops: {
    shutdown: 'still held when the time to stop ran out',
    refused: 'the next component refused the rows after this one had accepted them',
    retries_exhausted: 'could not be delivered within `retry_max_elapsed`'
  },
  remedies: {
    shutdown: { ...shutdownRemedy, options: ['timeout', 'wait_for_result', ...shutdownRemedy.options] },
    refused: { ...refusedRemedy, options: ['wait_for_result'] },
    retries_exhausted: { options: ['retry_max_elapsed'], action: 'What follows took nothing for that long: look at its state in `tapio status`, give it a `sending_queue`, or give up later (0 = never).' }
  },
  check (config) {
    const { send_batch_size: size, send_batch_max_size: max } = config as BatchConfig
    return max > 0 && max < size ? [{ path: ['send_batch_max_size'], message: `must be 0 or at least \`send_batch_size\` (${size}), found ${max}` }] : []
  },
  answersEarly: config => (config as BatchConfig).wait_for_result ? undefined : 'set `wait_for_result: true`',
  async create (services) {
    const { BatchProcessor } = await import('./processor.js')
    return services.construct(BatchProcessor)
  }
})
