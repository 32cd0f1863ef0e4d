/** Reasons that the runtime itself gives, whatever the components: at edges, rings, threads and pipelines. */
import type { DropRemedy } from '../component/remedy.js'

export const runtimeDrops = {
  rejected: 'The next component, or who is behind it, said that it can never take these rows; their sender was told.',
  retries_exhausted: 'One output had taken a batch, and this one did not in the time there was.',
  component_error: 'The next component threw an error with these rows: a fault in it.',
  record_too_large: 'One event alone was larger than the ring between two threads.',
  ring_full: 'The ring between two threads was full, and `service.when_full` is `drop`.',
  shutdown: 'They were in a ring between two threads when the time to stop ran out.',
  lost: 'They were in a ring between two threads, or in hand, when the thread that reads it died.',
  worker_lost: 'A thread that died had taken them over and not passed them on.',
  poison: 'Two threads in a row died of the batch they were in.',
  no_pipeline: 'A receiver brought a signal that none of its pipelines takes.',
  other: 'One component gave more than 64 reasons; these are the rest.'
} as const

export type RuntimeReason = keyof typeof runtimeDrops

const threadDied = 'The log says why the thread ended (`a worker died`): a crash is a fault to report, a heap that ran full needs smaller batches or more memory. `durable: true` pipelines hold their sender until the exporters have a batch.'

export const runtimeRemedies: Readonly<Record<RuntimeReason, DropRemedy>> = {
  rejected: { options: [], action: 'The state and the log of the component at the far end say why; with a `sending_queue` and `dead_letter.directory` an exporter keeps such rows: `tapio dead-letters`.' },
  retries_exhausted: { options: [], action: 'Look at the state of the component at the far end in `tapio status`. A `sending_queue` there takes batches at once and waits for the other side.' },
  component_error: { options: [], action: 'The log has the error with its stack; report it, or for a plugin repair it. A processor with `isolation` lets rows pass meanwhile.' },
  record_too_large: { options: ['service.buffer_size'], action: 'Make rings larger (512 bytes for each event of `buffer_size`), or cut long bodies and attributes where they are made.' },
  ring_full: { options: ['service.when_full', 'service.buffer_size', 'service.enqueue_timeout'], action: 'What reads the ring is too slow: `tapio graph --live` shows where. `when_full: retry` lets senders wait; a larger `buffer_size` bridges bursts.' },
  shutdown: { options: ['service.shutdown_timeout'], action: 'Give the end more time, also where Tapio is started (terminationGracePeriodSeconds, TimeoutStopSec), and see why exporters took so long.' },
  lost: { options: ['service.worker_failure'], action: threadDied },
  worker_lost: { options: ['service.worker_failure'], action: threadDied },
  poison: { options: ['service.worker_failure'], action: threadDied },
  no_pipeline: { options: ['service.pipelines'], action: 'Name the receiver in a pipeline for that signal (`traces`, `metrics`, `logs`, `profiles`), or in one of any other name, which takes all.', isIntended: true },
  other: { options: [], action: 'The component puts data into reasons: report it to who made it.' }
}
