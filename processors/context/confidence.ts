/**
 * How sure one may be of an event: the sum of the weights of what holds for it, of the original Tapio (context processing). Other
 * than there, user and group id 0 are values (root is somebody), and ages are taken against when a collector saw the event.
 */
import type { EventBatch } from '../../core/data/batch.js'
import type { Columns } from '../../core/data/columns.js'
import { EventType } from '../../core/data/enums.js'
import type { ContextConfig } from './config.js'

type Weights = ContextConfig['confidence']

const noId = 0xffffffff
const noCode = -0x80000000
const maxAheadMs = 60_000
const maxAgeMs = 300_000
/** Share of the kernel's fields that an event of the kernel must have. */
const enough = 0.7

export class Confidence {
  readonly #weights: readonly number[]
  readonly #words: readonly string[]

  constructor ({ complete_data: complete, trace_context: trace, entity_context: entity, timestamp_accuracy: time, known_source: source, known_sources: words }: Weights) {
    const sum = complete + trace + entity + time + source
    this.#weights = [complete, trace, entity, time, source].map(w => sum === 0 ? 0 : w / sum)
    this.#words = words.map(w => w.toLowerCase())
  }

  /** For the rows of one batch. */
  ofBatch (batch: EventBatch): RowConfidence { return new RowConfidence(batch, this.#weights, this.#words) }
}

export class RowConfidence {
  readonly #columns: Columns
  readonly #sources = new Map<number, boolean>()

  constructor (readonly batch: EventBatch, readonly weights: readonly number[], readonly words: readonly string[]) { this.#columns = batch.columns }

  /** `seenMs`: when a collector saw it, else the newest event time. */
  of (row: number, hasEntity: boolean, timeMs: number, seenMs: number): number {
    const [complete = 0, trace = 0, entity = 0, time = 0, source = 0] = this.weights
    const ageMs = seenMs - timeMs
    let sum = 0
    if (isComplete(this.#columns, row, hasEntity)) sum += complete
    if (this.#hasTrace(row)) sum += trace
    if (hasEntity) sum += entity
    if (timeMs > 0 && ageMs >= -maxAheadMs && ageMs <= maxAgeMs) sum += time
    if (this.#isKnown(this.#columns.source?.[row] ?? 0)) sum += source
    return Math.min(1, sum)
  }

  #hasTrace (row: number): boolean {
    const { traceId, spanId } = this.#columns
    return traceId !== undefined && spanId !== undefined && isSet(traceId, row * 16, 16) && isSet(spanId, row * 8, 8)
  }

  #isKnown (source: number): boolean {
    let known = this.#sources.get(source)
    if (known === undefined) {
      const name = this.batch.strings.at(source).toLowerCase()
      known = name !== '' && this.words.some(w => name.includes(w))
      this.#sources.set(source, known)
    }
    return known
  }
}

function isSet (bytes: Uint8Array, from: number, length: number): boolean {
  for (let i = from; i < from + length; i++) if (bytes[i] !== 0) return true
  return false
}

function isComplete (c: Columns, row: number, hasEntity: boolean): boolean {
  const has = (column: { readonly [row: number]: number | bigint } | undefined): boolean => column !== undefined && Number(column[row]) !== 0
  switch (c.type[row]) {
    case EventType.system: case EventType.cpu: case EventType.disk: return kernelShare(c, row) >= enough
    case EventType.memory: return kernelShare(c, row) >= enough || has(c.message)
    case EventType.process: return has(c.pid) && (has(c.comm) || has(c.syscall))
    case EventType.network: return has(c.protocol) && (has(c.sourceAddress) || has(c.sourcePort)) && (has(c.destinationAddress) || has(c.destinationPort))
    case EventType.log: return Number(has(c.message)) + Number(c.severity[row] !== 0) + Number(has(c.name) || has(c.source)) >= 2
    case EventType.kubernetes: return Number(has(c.name)) + Number(has(c.message)) + Number(hasEntity) >= 2
    case EventType.service: return hasEntity
    default: return has(c.message) || has(c.name)
  }
}

/** Of system call or result, pid, tid, task, user, group. */
function kernelShare (c: Columns, row: number): number {
  const fields = [
    (c.syscall?.[row] ?? 0) !== 0 || (c.returnCode?.[row] ?? noCode) !== noCode, (c.pid?.[row] ?? 0) !== 0, (c.tid?.[row] ?? 0) !== 0, (c.comm?.[row] ?? 0) !== 0,
    (c.uid?.[row] ?? noId) !== noId, (c.gid?.[row] ?? noId) !== noId
  ]
  return fields.filter(Boolean).length / fields.length
}
