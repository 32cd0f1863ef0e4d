/**
 * A batch of spans or log records that nobody has read: each record's few telling fields are read from its bytes, and no column is
 * made. So the batch goes on as it came.
 */
import { spanSign } from '../../core/correlation/signs-spans.js'
import { placed } from '../../core/correlation/signs-events.js'
import type { Seen } from '../../core/correlation/signs.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Severity, Signal } from '../../core/data/enums.js'
import type { RequestHead } from '../../core/data/unread.js'
import { RecordScan } from '../../core/otlp/record-scan.js'
import { orElse } from '../../core/otlp/wire.js'
import { ScanEvidence } from './evidence.js'
import { noteFailedCall } from './failed-calls.js'
import { Owners } from './owners.js'
import { failedSpanIn } from './span-row.js'
import { slowSign, worthTiming } from './slowness.js'
import type { WalkParts } from './walk.js'

const statusError = 2

export class UnreadWalk {
  readonly #owners: Owners
  readonly #scans: readonly RecordScan[]
  #source = ''

  constructor (readonly batch: EventBatch, readonly requests: readonly RequestHead[], readonly parts: WalkParts) {
    this.#owners = new Owners(batch, parts.engine, parts.resolver)
    this.#scans = batch.raw.buffers.map(bytes => new RecordScan(bytes))
  }

  run (): void {
    const isSpans = this.batch.layout.signal[0] === Signal.traces
    let row = 0
    this.requests.forEach((request, i) => {
      this.#source = request.source
      const observedMs = Number(request.observedTimeUnixNano) / 1e6
      for (const to = row + request.rows; row < to; row++) this.#row(row, this.#scans[i] as RecordScan, observedMs, isSpans)
    })
  }

  #row (row: number, scan: RecordScan, arrivedMs: number, isSpans: boolean): void {
    const { rawOffset, rawLength, resource } = this.batch.layout
    const start = rawOffset?.[row] ?? 0
    const end = start + (rawLength?.[row] ?? 0)
    const isRead = orElse(false, () => { if (isSpans) scan.span(start, end); else scan.log(start, end); return true })
    if (!isRead) return
    const timeMs = this.parts.engine.advance(scan.timeMs, scan.observedMs || arrivedMs)
    const at = resource[row] as number
    this.#owners.learn(at)
    const seen = isSpans ? this.#spanSeen(scan, at, timeMs) : this.#logSeen(scan)
    if (seen !== undefined) this.#count(scan, at, seen, timeMs, isSpans)
  }

  #spanSeen (scan: RecordScan, resource: number, timeMs: number): Seen | undefined {
    const isFailed = scan.statusCode === statusError
    const isWanted = this.parts.calls.wants(scan.kind, timeMs)
    if (isWanted) orElse(undefined, () => { this.parts.calls.scanned(scan, this.#owners.ofResource(resource, false, timeMs), timeMs, isFailed) })
    if (isFailed) return orElse(undefined, () => spanSign(failedSpanIn(scan)))
    const durationMs = scan.endMs - scan.timeMs
    return worthTiming(scan.kind, isWanted, durationMs) ? slowSign(this.parts.slowness, this.#owners.ofResource(resource, false, timeMs).entity, orElse('', () => scan.name), durationMs) : undefined
  }

  #logSeen (scan: RecordScan): Seen | undefined {
    const { severity } = scan
    return this.parts.texts.worth(severity) ? orElse(undefined, () => this.parts.texts.sign(scan.text, severity)) : undefined
  }

  #count (scan: RecordScan, resource: number, recognised: Seen, timeMs: number, isSpan: boolean): void {
    const whose = this.#owners.ofResource(resource, false, timeMs)
    const seen = recognised.sign === 'app.log_error' ? placed(recognised, whose.entity.kind, orElse('', () => scan.name)) : recognised
    this.parts.sightings.add({ seen, whose, severity: isSpan ? statusSeverity(scan) : scan.severity, timeMs, confidence: 1, evidence: new ScanEvidence(scan, isSpan, this.#source) })
    noteFailedCall(this.parts, seen, whose, timeMs)
  }
}

/** As columns of spans have it. */
function statusSeverity ({ statusCode }: RecordScan): number { return statusCode === statusError ? Severity.error : Severity.info }
