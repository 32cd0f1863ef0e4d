import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Options } from '../../core/config/schema.js'

export const schema = Options({
  max_pending_bytes: ByteSize({ default: '32MiB', minimum: '64KiB', maximum: '1GiB', description: 'Bytes of batches whose outcome is not known yet. Clients beyond that are asked to send again later.' }),
  max_pending_batches: Type.Integer({ default: 256, minimum: 1, maximum: 4096, description: 'The same in batches.' }),
  retry_after: Duration({ default: '1s', minimum: '10ms', maximum: '1h', description: 'When a client that could not be served sends again, where the pipeline does not say.' })
})
export type ApiReceiverConfig = Static<typeof schema>
