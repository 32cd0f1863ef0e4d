/**
 * Export requests, as protobuf bytes, to batches: the columns are written straight from the bytes and the records stay
 * where they are. The whole message is checked, also the parts that no column shows, so that nobody behind the receiver
 * meets malformed bytes. Text that is not UTF-8 is not malformed here: a column shows U+FFFD and the bytes go on as they are.
 */
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { EventType, Signal } from '../data/enums.js'
import { LogReader } from './log-records.js'
import { countRecords, locateRecords } from './locate.js'
import { MetricReader } from './metrics.js'
import { readProfiles } from './profiles.js'
import { defaultMaxRecords, fillConstants, type ReadOptions } from './read-options.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { SpanReader } from './spans.js'
import { WireError, WireReader } from './wire.js'

export type ReadResult = { readonly ok: true, readonly batch: EventBatch } | { readonly ok: false, readonly error: string }

/** Reads one record into one row. The reader stands at the record's start, its end is the record's. */
export interface RecordReader {
  read(r: WireReader, row: number): void
}

const readers = { traces: SpanReader, logs: LogReader, metrics: MetricReader } as const
const eventTypes = { traces: EventType.span, logs: EventType.log, metrics: EventType.metric } as const

/** The batch keeps `bytes`, which must not change afterwards. Never throws, whatever the bytes are. */
export function readExportRequest (signal: OtlpSignal, bytes: Uint8Array, options: ReadOptions): ReadResult {
  try {
    return { ok: true, batch: signal === 'profiles' ? readProfiles(bytes, options) : readRecords(signal, bytes, options) }
  } catch (error) {
    if (error instanceof WireError) return { ok: false, error: error.message }
    throw error
  }
}

function readRecords (signal: Exclude<OtlpSignal, 'profiles'>, bytes: Uint8Array, options: ReadOptions): EventBatch {
  const facts = signalFacts[signal]
  const count = countRecords(bytes, options.maxRecords ?? defaultMaxRecords)
  const builder = new BatchBuilder(count)
  builder.rows(count)
  locateRecords(bytes, facts, builder)
  fillConstants(builder, Signal[signal], eventTypes[signal], facts.rawEncoding, options)
  const records = new readers[signal](bytes, builder)
  const r = new WireReader(bytes)
  const offsets = builder.column('rawOffset')
  const lengths = builder.column('rawLength')
  for (let row = 0; row < count; row++) {
    r.pos = offsets[row] as number
    r.end = r.pos + (lengths[row] as number)
    records.read(r, row)
  }
  return builder.finish({ ids: options.ids, raw: { buffers: [bytes], complete: true } })
}
