/**
 * What a row says, for whoever keeps it: an id, a trace, a message are made when somebody asks for them, as of most rows of trouble
 * nothing is kept. Asked for before the next row is looked at.
 */
import type { Told } from '../../core/correlation/symptoms.js'
import type { EventBatch } from '../../core/data/batch.js'
import { RawEncoding } from '../../core/data/enums.js'
import type { RecordScan } from '../../core/otlp/record-scan.js'
import { orElse } from '../../core/otlp/wire.js'
import { isSet } from './confidence.js'
import { exceptionIn } from './span-row.js'

/** Longer messages are cut. */
export const maxMessage = 2048

const cut = (message: string): string => message.length > maxMessage ? message.slice(0, maxMessage) : message
const given = (text: string | undefined): string | undefined => text === '' ? undefined : text

export class RowEvidence implements Told {
  constructor (readonly batch: EventBatch, readonly row: number) {}

  /** Ids of OTLP rows are of their arrival, and no part of the same story told twice. */
  get eventId (): string { return isOtlpRecord(this.#encoding) ? '' : this.batch.at(this.row).get('id') ?? '' }
  get source (): string { return this.batch.text(this.batch.columns.source, this.row) }
  get name (): string { return this.batch.text(this.batch.columns.name, this.row) }

  get message (): string {
    const { batch, row } = this
    const text = batch.text(batch.columns.message, row) || batch.text(batch.columns.statusMessage, row)
    return cut(text || (this.#encoding === RawEncoding.otlpSpan ? exceptionIn(batch.at(row).raw) : ''))
  }

  get traceId (): string | undefined { return this.#isTraced ? given(this.batch.at(this.row).get('traceId')) : undefined }
  get spanId (): string | undefined { return this.#isTraced ? given(this.batch.at(this.row).get('spanId')) : undefined }
  get parentSpanId (): string | undefined { return this.#isTraced ? given(this.batch.at(this.row).get('parentSpanId')) : undefined }

  get #encoding (): number { return this.batch.columns.rawEncoding?.[this.row] ?? 0 }

  get #isTraced (): boolean {
    const { traceId } = this.batch.columns
    return traceId !== undefined && isSet(traceId, this.row * 16, 16)
  }
}

/** The same of the record that `scan` has read. */
export class ScanEvidence implements Told {
  readonly eventId = ''

  constructor (readonly scan: RecordScan, readonly isSpan: boolean, readonly source: string) {}

  get name (): string { return orElse('', () => this.scan.name) }

  get message (): string {
    const text = orElse('', () => this.scan.text)
    return cut(this.isSpan && text === '' ? orElse('', () => this.scan.exception()) : text)
  }

  get traceId (): string | undefined { return given(this.scan.traceId) }
  get spanId (): string | undefined { return given(this.scan.spanId) }
  get parentSpanId (): string | undefined { return this.isSpan ? given(this.scan.parentSpanId) : undefined }
}

export function isOtlpRecord (encoding: number): boolean { return encoding === RawEncoding.otlpSpan || encoding === RawEncoding.otlpLogRecord }
