/**
 * Rows that nobody has read yet: the records of whole export requests, which a batch carries as bytes until somebody asks
 * for a column. What only passes through Tapio (receive, join, send) is checked once and never decoded.
 */
import type { Columns } from './columns.js'
import type { Resource, Scope } from './resource.js'
import type { StringTable } from './strings.js'

/** What is known of one request without reading its records. */
export interface RequestHead {
  readonly rows: number
  /** What OTLP counts in it: spans, log records, data points. */
  readonly items: number
  /** The id of its first row (16 bytes); the others follow by counting (ids.ts). */
  readonly firstId: Uint8Array
  /** When it arrived: for records that do not say when they were observed. */
  readonly observedTimeUnixNano: bigint
  readonly source: string
}

/** The columns that say where a row's record is and whose it is. */
export type Layout = Pick<Columns, 'signal' | 'resource' | 'scope' | 'rawEncoding' | 'rawBuffer' | 'rawOffset' | 'rawLength'>

export interface Located {
  readonly layout: Layout
  readonly resources: readonly Resource[]
  readonly scopes: readonly Scope[]
}

/** Request i is raw buffer i of the batch, and the rows are all their records in order. */
export interface Unread {
  readonly signal: number
  readonly requests: readonly RequestHead[]
  readonly items: number
  /** Finds the records: a tenth of the cost of reading them. */
  locate(buffers: readonly Uint8Array[]): Located
  /** All columns; `resource` and `scope` are indexes into the tables that `locate` gives. */
  read(buffers: readonly Uint8Array[]): { readonly columns: Columns, readonly strings: StringTable }
  /** The column `severity` alone: an eighth of the cost of all (0.3 of 2.5 us a span of 380 bytes). */
  severities(buffers: readonly Uint8Array[]): Uint8Array
  /** The rows of this and then of `others`, which have the same signal. */
  join(others: readonly Unread[]): Unread
}

/**
 * Bytes a row takes in columns once it is read. Bounds count unread rows as if they were: an empty record is two bytes on
 * the wire, and a processor that asks for a column must not find that the memory was given away.
 */
export const readRowBytes = 128
