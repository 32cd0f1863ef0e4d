/** `sending_queue` of every exporter: on by default in the Collector, counted in requests there and in bytes here. */
import type { YAMLMap } from 'yaml'
import { entryOf, put, remove, valueAt } from '../document.js'
import type { Part } from './rule.js'
import { below, isRecord, take, textOf } from './values.js'

export function translateQueue (part: Part): void {
  const written = entryOf(part.options, 'sending_queue')
  if (written === undefined) {
    part.note('changed', [], 'without a `sending_queue` senders wait for the delivery; the Collector has one in memory unless told otherwise', '`sending_queue: {enabled: true}` for the same')
    return
  }
  const queue = below(part.options, 'sending_queue')
  if (queue === undefined) return
  if (valueAt(queue, 'enabled') === false) {
    put(part.options, 'sending_queue', { enabled: false })
    return
  }
  if (entryOf(queue, 'enabled') === undefined) put(queue, 'enabled', true)
  translateSize(part, queue)
  translateStorage(part, queue)
  const block = take(queue, 'block_on_overflow')
  if (block !== true && queue.get('when_full') === undefined) part.note('changed', ['sending_queue'], 'a full queue asks senders to come again, where the Collector drops what comes', '`sending_queue.when_full: drop_newest` does as the Collector')
  if (entryOf(queue, 'batch') !== undefined) {
    remove(queue, 'batch')
    part.note('changed', ['sending_queue', 'batch'], 'a queue does not join batches', 'put the `batch` processor last in the pipeline')
  }
  remove(queue, 'wait_for_result')
}

function translateSize (part: Part, queue: YAMLMap): void {
  const size = take(queue, 'queue_size')
  const sizer = take(queue, 'sizer') ?? 'requests'
  if (size === undefined) return
  if (sizer === 'bytes') {
    put(queue, 'max_size', Number(size))
    part.note('translated', ['sending_queue', 'queue_size'], `\`max_size: ${String(size)}\``)
    return
  }
  part.note('changed', ['sending_queue', 'queue_size'], `\`queue_size: ${String(size)}\` counts ${String(sizer)}; Tapio bounds a queue in bytes, 256MiB unless \`max_size\` says otherwise`)
}

/** A folder for each exporter: a queue on disk has one to itself. */
function translateStorage (part: Part, queue: YAMLMap): void {
  const id = textOf(take(queue, 'storage'))
  if (id === undefined) return
  const extension = part.extension(id)
  const options = extension?.options
  const base = extension?.type === 'file_storage' ? textOf(isRecord(options) ? options['directory'] : undefined) ?? '/var/lib/otelcol/file_storage' : undefined
  if (base === undefined) {
    part.note('missing', ['sending_queue', 'storage'], `\`${id}\` is no \`file_storage\`: the queue is in memory`, 'give `sending_queue.directory` to keep it on disk')
    return
  }
  const directory = `${base.replace(/\/$/, '')}/tapio-${part.id.replaceAll(/[^\w.-]/g, '-')}`
  put(queue, 'directory', directory)
  part.note('translated', ['sending_queue', 'storage'], `\`directory: ${directory}\`; what the Collector has in its own files is not read`, 'let the Collector deliver what it holds before it is replaced')
}

