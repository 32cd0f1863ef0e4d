/** `sending_queue` and `dead_letter` of every exporter: the Collector's words where it has one (exporterhelper README). */
import { Type, type Static } from '@sinclair/typebox'
import type { DropRemedy } from '../../component/remedy.js'
import { ByteSize, Duration, Enum, Section } from '../../config/schema.js'
import type { MetricDeclaration } from '../../telemetry/meter.js'

export const sendingQueue = Section({
  enabled: Type.Boolean({ default: false, description: 'Answer senders when a batch is in the queue, and deliver it behind. Off: a sender waits for the delivery.' }),
  directory: Type.Optional(Type.String({ minLength: 1, description: 'Keep what waits on disk, in this directory of the exporter\'s own: it survives the end of the process. Left out: in memory, and what waits when Tapio ends is lost and counted.' })),
  spill_directory: Type.Optional(Type.String({ minLength: 1, description: 'For a queue in memory: where it puts what waits when memory is short (`memory_limiter`), when it is full, and when Tapio ends. A directory of the exporter\'s own; what is there is delivered after the next start.' })),
  spill_max_size: ByteSize({ default: '1GiB', minimum: '1MiB', description: 'Bytes of what waits there.' }),
  priority_severity: Enum(['none', 'warning', 'error', 'critical'], { default: 'error', description: 'In memory, while more than 4 MiB (or an eighth of the queue) waits, the oldest for 5 s: rows this severe are delivered before others. `none`: first in, first out.' }),
  num_consumers: Type.Integer({ default: 10, minimum: 1, maximum: 256, description: 'Batches under way at once.' }),
  max_size: ByteSize({ default: '256MiB', minimum: '64KiB', description: 'Bytes of what waits, in memory or on disk.' }),
  max_age: Duration({ default: '0', description: 'What waits longer is dropped, counted as `queue_expired`; 0 = never.' }),
  when_full: Enum(['refuse', 'drop_oldest', 'drop_newest'], { default: 'refuse', description: 'What a full queue does: ask senders to come again (nothing is lost as long as they do; other exporters of the pipeline wait, too), or drop the oldest or what comes, counted as `queue_overflow` (other exporters never wait).' }),
  fsync: Enum(['always', 'interval', 'never'], { default: 'interval', description: 'On disk: forced to it before every answer (survives a power cut), every `fsync_interval`, or when the system likes. All three survive the end of the process, also by kill -9.' }),
  fsync_interval: Duration({ default: '1s', minimum: '10ms', description: 'For `fsync: interval`.' })
}, { description: 'A queue before the exporter.' })

export const deadLetter = Section({
  directory: Type.Optional(Type.String({ minLength: 1, description: 'Where batches go that the other side rejects for good, as files that the `file` receiver reads. Left out: they are dropped, and counted.' })),
  max_size: ByteSize({ default: '64MiB', minimum: '1MiB', description: 'Bytes of them; the oldest go first.' })
}, { description: 'What becomes of what can never be delivered. Works with `sending_queue` on.' })

export type SendingQueueConfig = Static<typeof sendingQueue>
export type DeadLetterConfig = Static<typeof deadLetter>

export const queueDrops = {
  queue_overflow: 'The sending queue was full, and `when_full` is `drop_oldest` or `drop_newest`.',
  queue_unwritable: 'The sending queue\'s disk could not take more, and `when_full` is `drop_oldest` or `drop_newest`.',
  queue_damaged: 'Their place on the disk could not be read any more. Counted as far as it is known how many rows they were; `tapio_sending_queue_damaged_bytes_total` counts all.',
  queue_expired: 'They waited in the sending queue for longer than `max_age`.',
  rejected: 'The other side rejected them for good, after their sender had been answered; with `dead_letter` they are kept there.',
  retries_exhausted: 'The other side could not take these rows for as long as `retry_on_failure.max_elapsed_time` says.',
  shutdown: 'They waited in a sending queue in memory when Tapio ended.'
} as const

export const queueRemedies: Readonly<Record<keyof typeof queueDrops, DropRemedy>> = {
  queue_overflow: { options: ['sending_queue.when_full', 'sending_queue.max_size', 'sending_queue.spill_directory'], action: 'The other side takes less than comes: look at the exporter\'s state in `tapio status`. Make the queue larger or put it on disk, or let senders wait with `when_full: refuse`.' },
  queue_unwritable: { options: ['sending_queue.directory', 'sending_queue.when_full'], action: 'Make room on the disk and see that Tapio may write there: `tapio doctor -c FILE`. With `when_full: refuse` senders wait meanwhile.' },
  queue_damaged: { options: ['sending_queue.directory', 'sending_queue.fsync'], action: 'Look for errors of the disk in the kernel\'s log (`dmesg`). `fsync: always` keeps what was answered over a power cut.' },
  queue_expired: { options: ['sending_queue.max_age', 'sending_queue.num_consumers'], action: 'The other side was away or slow for so long. Raise `max_age` (0 = never), or deliver faster with more `num_consumers`.' },
  rejected: { options: ['dead_letter.directory'], action: 'The other side says why in the exporter\'s state and in dead letters: `tapio dead-letters -c FILE`. Give a `dead_letter.directory` to keep them, repair, then `tapio replay`.' },
  retries_exhausted: { options: ['retry_on_failure.max_elapsed_time', 'sending_queue.directory'], action: 'See why the other side takes nothing: `tapio doctor -c FILE` tries its address. A queue on disk waits for it; `max_elapsed_time: 0` never gives up.' },
  shutdown: { options: ['sending_queue.directory', 'sending_queue.spill_directory', 'service.shutdown_timeout'], action: 'Keep the queue on disk (`directory`), or what waits at the end (`spill_directory`): it is delivered after the next start.' }
}

export const queuedBatches: MetricDeclaration = { name: 'sending_queue_batches', kind: 'gauge', unit: '', description: 'Batches that wait in the sending queue.' }
export const queuedBytes: MetricDeclaration = { name: 'sending_queue', kind: 'gauge', unit: 'bytes', description: 'Bytes of the sending queue, on disk or in memory.' }
export const rowsInMemory: MetricDeclaration = { name: 'sending_queue_in_memory', kind: 'gauge', unit: 'events', description: 'Rows of the sending queue that are in memory alone: they are lost, and counted, when their thread dies.' }
export const queueCapacity: MetricDeclaration = { name: 'sending_queue_capacity', kind: 'gauge', unit: 'bytes', description: 'Most bytes the sending queue may have.' }
export const spilledRows: MetricDeclaration = { name: 'sending_queue_spilled', kind: 'counter', unit: 'events', description: 'Rows that a queue in memory put on disk, as memory was short, the queue full, or Tapio ended.' }
export const damagedBytes: MetricDeclaration = { name: 'sending_queue_damaged', kind: 'counter', unit: 'bytes', description: 'Bytes of the sending queue on disk that could not be read: what was cut off by a power cut, or damaged.' }
export const deadLetters: MetricDeclaration = { name: 'dead_letter', kind: 'counter', unit: 'events', description: 'Rows that were rejected for good and are kept as files.' }
export const queueMetrics: readonly MetricDeclaration[] = [queuedBatches, queuedBytes, rowsInMemory, queueCapacity, spilledRows, damagedBytes, deadLetters]
