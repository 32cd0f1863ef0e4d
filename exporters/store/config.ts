import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options, Section } from '../../core/config/schema.js'

export const schema = Options({
  directory: Type.String({ minLength: 1, default: '/var/lib/tapio/store', description: 'Where the store is; made with mode 0700 when it is missing. One writer a directory, any number of readers.' }),
  keep: Enum(['symptoms', 'all'], { default: 'symptoms', description: '`symptoms`: events in which Tapio sees a symptom, and those of `min_severity`; `all`: every event. Incidents and links are always kept.' }),
  min_severity: Enum(['none', 'info', 'low', 'medium', 'warning', 'high', 'error', 'critical'], { default: 'error', description: 'For `keep: symptoms`: events of this severity or worse are kept too; `none` = only symptoms.' }),
  sample_ratio: Type.Number({ minimum: 0, maximum: 1, default: 0, description: 'For `keep: symptoms`: share of all other traces that is kept whole (events without a trace: of all others), to compare with.' }),
  sync: Enum(['disk', 'commit'], { default: 'disk', description: 'When events are answered: when they are on the disk, or when they survive the end of the process but not a power cut.' }),
  batch_timeout: Duration({ default: '200ms', maximum: '10s', description: 'How long few events wait for others, so that they are stored together.' }),
  max_pending_bytes: ByteSize({ default: '32MiB', minimum: '64KiB', description: 'Bytes waiting to be written before senders are asked to wait.' }),
  retention: Section({
    age: Duration({ default: '7d', description: 'What was stored longer ago goes; 0 = never.' }),
    size: ByteSize({ default: '4GiB', minimum: '16MiB', description: 'Bytes on disk of events; the oldest go first. Incidents and links have room of their own.' })
  }, { description: 'How much is kept.' })
})
export type StoreExporterConfig = Static<typeof schema>
