/** Batches as plain objects, complete enough that two batches with equal ones say the same. */
import type { AttributeValue } from '../attributes.js'
import type { EventBatch } from '../batch.js'
import { decodeBatch } from '../decode.js'
import { attributesToJson } from '../json-value.js'
import type { EventRow } from '../row.js'

export interface PlainRow {
  readonly columns: object
  readonly resource: string
  readonly scope: string
  readonly attributes: string
  readonly edited: readonly string[]
  readonly raw: string | undefined
}

/** Everything a row says, the attributes of its raw record included, in values that compare without surprises. */
export function plainRow (row: EventRow): PlainRow {
  return {
    columns: columnsOnly(row.toObject()),
    resource: row.resource.key,
    scope: row.scope.key,
    attributes: sorted(row.allAttributes()),
    edited: [...row.batch.attributes].filter(([, c]) => c.edited).map(([key]) => key).sort(),
    raw: row.raw === undefined ? undefined : Buffer.from(row.raw).toString('hex')
  }
}

/** An event without the fields that have a table of their own. */
export function columnsOnly (event: object): object {
  return Object.fromEntries(Object.entries(event).filter(([key]) => !['attributes', 'resource', 'scope'].includes(key)))
}

export function plainRows (batch: EventBatch): PlainRow[] {
  return [...batch].map(plainRow)
}

function sorted (attributes: { readonly [key: string]: AttributeValue }): string {
  return attributesToJson(Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** The batch in `document`; fails the test when there is none. */
export function opened (document: Uint8Array): EventBatch {
  const result = decodeBatch(document)
  if (!result.ok) throw new Error(`not decoded: ${result.error}`)
  return result.batch
}
