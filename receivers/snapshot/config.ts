import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Enum, Options } from '../../core/config/schema.js'

export const schema = Options({
  paths: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Directories that hold a dump, or single files of one.' }),
  collected_at: Type.Optional(Type.String({ format: 'date-time', description: 'When the dump was taken (RFC 3339). Left out: what the dump says, else the newest time in it.' })),
  logs: Type.Boolean({ default: true, description: 'Read container logs and journals of nodes too.' }),
  objects: Enum(['states', 'all'], { default: 'states', description: '`states`: events of what is wrong with objects. `all`: also one event an object, with the object as its raw record (values of Secrets and ConfigMaps left out).' }),
  log_tail: ByteSize({ default: '1MiB', minimum: '1KiB', maximum: '64MiB', description: 'Of a longer log, its end is read.' }),
  max_file_bytes: ByteSize({ default: '64MiB', minimum: '1KiB', maximum: '256MiB', description: 'Larger files of objects are skipped.' }),
  max_yaml_bytes: ByteSize({ default: '16MiB', minimum: '1KiB', maximum: '64MiB', description: 'The same for YAML, which is some ten times as slow to read as JSON.' }),
  max_files: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 100_000, description: 'Files looked at; what is beyond is counted.' }),
  batch_rows: Type.Integer({ minimum: 1, maximum: 65535, default: 1024, description: 'Events in a batch.' }),
  on_end: Enum(['keep', 'stop'], { default: 'keep', description: 'At the end, stay idle, or ask for an orderly end of the process.' })
})
export type SnapshotConfig = Static<typeof schema>
