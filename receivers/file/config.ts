import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options } from '../../core/config/schema.js'

export const schema = Options({
  paths: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Files, and directories whose event files are read in the order of their names.' }),
  format: Enum(['auto', 'msgpack', 'json'], { default: 'auto', description: '`auto` looks at how a file begins; gzip is recognised in any case.' }),
  timing: Enum(['asap', 'original', 'scaled'], { default: 'asap', description: 'As fast as they are taken, in the rhythm of the recorded times, or that `speed` times as fast.' }),
  speed: Type.Number({ exclusiveMinimum: 0, maximum: 1e6, default: 10, description: 'For `timing: scaled`: 10 = ten times as fast.' }),
  max_gap: Duration({ default: '0', description: 'Longest pause between two events of a timed replay; 0 = as recorded.' }),
  rewrite_times: Enum(['keep', 'now'], { default: 'keep', description: '`now` moves all times of a pass by the same amount, so that its first event happens now.' }),
  loop: Type.Boolean({ default: false, description: 'Begin again at the end. Ids stay the same, so a store may see repeated events as duplicates.' }),
  on_end: Enum(['keep', 'stop'], { default: 'keep', description: 'At the end, stay idle, or ask for an orderly end of the process.' }),
  batch_rows: Type.Integer({ minimum: 1, maximum: 65535, default: 256, description: 'json: events in a batch.' }),
  max_frame_bytes: ByteSize({ default: '64MiB', minimum: '1KiB', maximum: '1GiB', description: 'Largest batch, or line, that is read; larger ones are skipped as damaged.' })
})
export type FileReceiverConfig = Static<typeof schema>
