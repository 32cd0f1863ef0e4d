import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options, Section } from '../../core/config/schema.js'

export const schema = Options({
  path: Type.String({ minLength: 1, description: 'The file, taken literally: nothing from an event ever gets into a name.' }),
  format: Enum(['msgpack', 'json'], { default: 'msgpack', description: '`msgpack` loses nothing and is small; `json` is one event a line.' }),
  json_raw: Type.Boolean({ default: false, description: 'json: add each record as received (base64), so that a replay loses nothing.' }),
  create_directory: Type.Boolean({ default: false, description: 'Make the directory (mode 0700) when it is missing.' }),
  fsync: Enum(['always', 'interval', 'never'], { default: 'interval', description: 'When data is forced to the disk: before every answer, every `fsync_interval`, or when the system likes.' }),
  fsync_interval: Duration({ default: '1s', minimum: '10ms', description: 'For `fsync: interval`.' }),
  max_pending_bytes: ByteSize({ default: '32MiB', minimum: '1KiB', description: 'Bytes waiting to be written before senders are asked to wait.' }),
  rotation: Section({
    max_size: ByteSize({ default: '100MiB', description: 'Start a new file before this size is passed; 0 = never.' }),
    interval: Duration({ default: '0', description: 'Start a new file when the current one is this old and something is written; 0 = never.' }),
    max_files: Type.Integer({ minimum: 0, default: 10, description: 'Rotated files kept, the oldest go first; 0 = all.' }),
    max_age: Duration({ default: '0', description: 'Rotated files older than this go; 0 = never.' }),
    compression: Enum(['none', 'gzip'], { default: 'none', description: 'What is done with rotated files.' })
  }, { description: 'When to start a new file and which old ones to keep.' })
})
export type FileExporterConfig = Static<typeof schema>
