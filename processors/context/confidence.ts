/**
 * How sure one may be of an event: the sum of the weights of what holds for it, of the original Tapio (context processing). Other
 * than there, user and group id 0 are values (root is somebody), and ages are taken against when a collector saw the event.
 */
import type { EventBatch } from '../../core/data/batch.js'
import type { Columns } from '../../core/data/columns.js'
import { EventType } from '../../core/data/enums.js'
import type { ContextConfig } from './config.js'

type Weights = ContextConfig['confidence']
interface Shares { readonly complete: number, readonly trace: number, readonly entity: number, readonly time: number, readonly source: number }

const noId = 0xffffffff
const noCode = -0x80000000
const maxAheadMs = 60_000
const maxAgeMs = 300_000
/** Of six fields of the kernel (70 %). */
const enough = 5

export class Confidence {
  readonly #weights: Shares
  readonly #words: readonly string[]

  constructor ({ complete_data: complete, trace_context: trace, entity_context: entity, timestamp_accuracy: time, known_source: source, known_sources: words }: Weights) {
    const sum = complete + trace + entity + time + source
    const share = (weight: number): number => sum === 0 ? 0 : weight / sum
    this.#weights = { complete: share(complete), trace: share(trace), entity: share(entity), time: share(time), source: share(source) }
    this.#words = words.map(w => w.toLowerCase())
  }

  /** For the rows of one batch. */
  ofBatch (batch: EventBatch): RowConfidence { return new RowConfidence(batch, this.#weights, this.#words) }
}

export class RowConfidence {
  readonly #columns: Columns
  readonly #sources = new Map<number, boolean>()

  constructor (readonly batch: EventBatch, readonly weights: Shares, readonly words: readonly string[]) { this.#columns = batch.columns }

  /** `seenMs`: when a collector saw it, else the newest event time. */
  of (row: number, hasEntity: boolean, timeMs: number, seenMs: number): number {
    const { complete, trace, entity, time, source } = this.weights
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

export function isSet (bytes: Uint8Array, from: number, length: number): boolean {
  for (let i = from; i < from + length; i++) if (bytes[i] !== 0) return true
  return false
}

type Cells = Uint32Array | Uint16Array | undefined

const has = (column: Cells, row: number): boolean => column !== undefined && column[row] !== 0

function isComplete (c: Columns, row: number, hasEntity: boolean): boolean {
  switch (c.type[row]) {
    case EventType.system: case EventType.cpu: case EventType.disk: return hasKernel(c, row)
    case EventType.memory: return hasKernel(c, row) || has(c.message, row)
    case EventType.process: return has(c.pid, row) && (has(c.comm, row) || has(c.syscall, row))
    case EventType.network: return has(c.protocol, row) && (has(c.sourceAddress, row) || has(c.sourcePort, row)) && (has(c.destinationAddress, row) || has(c.destinationPort, row))
    case EventType.log: return Number(has(c.message, row)) + Number(c.severity[row] !== 0) + Number(has(c.name, row) || has(c.source, row)) >= 2
    case EventType.kubernetes: return Number(has(c.name, row)) + Number(has(c.message, row)) + Number(hasEntity) >= 2
    case EventType.service: return hasEntity
    default: return has(c.message, row) || has(c.name, row)
  }
}

/** Five of: system call or result, pid, tid, task, user, group. */
function hasKernel (c: Columns, row: number): boolean {
  const call = has(c.syscall, row) || (c.returnCode !== undefined && c.returnCode[row] !== noCode)
  const [uid, gid] = [c.uid !== undefined && c.uid[row] !== noId, c.gid !== undefined && c.gid[row] !== noId]
  return Number(call) + Number(has(c.pid, row)) + Number(has(c.tid, row)) + Number(has(c.comm, row)) + Number(uid) + Number(gid) >= enough
}
