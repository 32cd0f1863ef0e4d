import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Options } from '../../core/config/schema.js'

export const schema = Options({
  send_batch_size: Type.Integer({ minimum: 0, default: 8192, description: 'Rows after which a batch is sent at once; 0 = send whatever comes.' }),
  send_batch_max_size: Type.Integer({ minimum: 0, default: 0, description: 'Most rows in a batch; larger ones are split. 0 = no limit, else at least `send_batch_size`.' }),
  timeout: Duration({ default: '200ms', description: 'Time after which a batch is sent whatever its size; 0 = at once.' }),
  max_pending_rows: Type.Integer({ minimum: 1, default: 262144, description: 'Rows held, waiting or being delivered, before new ones are asked to wait.' }),
  max_pending_bytes: ByteSize({ default: '64MiB', minimum: '1KiB', description: 'The same in bytes.' }),
  retry_max_elapsed: Duration({ default: '0', description: 'Give a batch up when it could not be delivered for this long; 0 = never.' }),
  max_concurrent_sends: Type.Integer({ minimum: 1, default: 8, description: 'Batches of a kind being delivered at once, where the next component answers late (an exporter in the same thread). They are begun in order; 1 keeps them in order to the end.' }),
  wait_for_result: Type.Boolean({ default: false, description: 'Answer the sender when its rows are delivered, not when they are held: its acknowledgement then means more, and takes longer.' })
})
export type BatchConfig = Static<typeof schema>
