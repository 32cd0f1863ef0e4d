/**
 * Export requests, as protobuf bytes, to batches. The whole message is checked, also the parts that no column shows, so that
 * nobody behind the receiver meets malformed bytes; the records stay bytes until somebody asks for a column (unread.ts).
 * Text that is not UTF-8 is not malformed here: a column shows U+FFFD and the bytes go on as they are.
 */
import type { EventBatch } from '../data/batch.js'
import { emptyBatch } from '../data/batch.js'
import { checkMessage } from './check.js'
import { countRecords } from './locate.js'
import { readProfiles } from './profiles.js'
import { quickCheck, type RequestCount } from './quick-check.js'
import { defaultMaxRecords, type ReadOptions } from './read-options.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { unreadBatch, UnreadRecords, type RecordSignal } from './unread.js'
import { WireError, WireReader } from './wire.js'

export type ReadResult = { readonly ok: true, readonly batch: EventBatch } | { readonly ok: false, readonly error: string }

/** The batch keeps `bytes`, which must not change afterwards. Never throws, whatever the bytes are. */
export function readExportRequest (signal: OtlpSignal, bytes: Uint8Array, options: ReadOptions): ReadResult {
  try {
    return { ok: true, batch: signal === 'profiles' ? readProfiles(bytes, options) : checkedBatch(signal, bytes, options) }
  } catch (error) {
    if (error instanceof WireError) return { ok: false, error: error.message }
    throw error
  }
}

function checkedBatch (signal: RecordSignal, bytes: Uint8Array, options: ReadOptions): EventBatch {
  const { records, items } = checkRequest(signal, bytes, options.maxRecords ?? defaultMaxRecords)
  if (records === 0) return emptyBatch
  const { observedTimeUnixNano, source = 'otlp' } = options
  return unreadBatch(signal, bytes, { rows: records, items, firstId: options.ids.take(records), observedTimeUnixNano, source })
}

/** What is in a request. Throws WireError, saying what and where, when it is malformed or has more than `maxRecords`. */
export function checkRequest (signal: RecordSignal, bytes: Uint8Array, maxRecords: number): RequestCount {
  return quickCheck(signal, bytes, maxRecords) ?? carefulCheck(signal, bytes, maxRecords)
}

function carefulCheck (signal: RecordSignal, bytes: Uint8Array, maxRecords: number): RequestCount {
  const records = countRecords(bytes, maxRecords)
  checkMessage(new WireReader(bytes), bytes.length, signalFacts[signal].request, 0)
  if (signal !== 'metrics') return { records, items: records }
  const head = { rows: records, items: 0, firstId: new Uint8Array(16), observedTimeUnixNano: 0n, source: '' }
  const { dataPointCount } = new UnreadRecords(signal, [head]).read([bytes]).columns
  return { records, items: (dataPointCount ?? new Uint32Array()).reduce((n, points) => n + points, 0) }
}
