/** The severities of the records of a request, from its bytes: what the readers put into the column, without making the others. */
import { Severity } from '../data/enums.js'
import { enumCell, maxSeverity } from './cells.js'
import { eachRecord } from './locate.js'
import type { RecordSignal } from './unread.js'
import type { WireReader } from './wire.js'

const logSeverity = 2 << 3
const spanStatus = 15 << 3 | 2
const statusCode = 3 << 3
const statusError = 2

/** Into `severities`, from row `from` on. Returns the row after the last. The bytes have been checked by the receiver. */
export function readSeverities (signal: RecordSignal, bytes: Uint8Array, severities: Uint8Array, from: number): number {
  let row = from
  const read = signal === 'traces' ? ofSpan : signal === 'logs' ? ofLog : undefined
  eachRecord(bytes, (r, stop) => {
    if (read === undefined) severities[row++] = Severity.info
    else {
      const outer = r.end
      r.end = stop
      severities[row++] = read(r)
      r.end = outer
    }
    r.pos = stop
  })
  return row
}

function ofLog (r: WireReader): number {
  let severity = 0
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === logSeverity) { r.varint(); severity = enumCell(r, maxSeverity) } else r.skip(tag)
  }
  return severity
}

function ofSpan (r: WireReader): number {
  let code = 0
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== spanStatus) { r.skip(tag); continue }
    const stop = r.span()
    const outer = r.end
    r.end = stop
    for (let inner = r.tag(); inner !== 0; inner = r.tag()) {
      if (inner === statusCode) { r.varint(); code = enumCell(r, 0xff) } else r.skip(inner)
    }
    r.end = outer
  }
  return code === statusError ? Severity.error : Severity.info
}
