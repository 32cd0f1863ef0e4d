/** Batches and rows as lines for people. Text from events cannot move the cursor or forge a line. */
import type { AttributeValue } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { eventTypes } from '../../core/data/enums.js'
import { valueToJson } from '../../core/data/json-value.js'
import type { EventRow } from '../../core/data/row.js'

/** `12 events: 10 span, 2 log; 3 resources` */
export function batchLine (batch: EventBatch): string {
  const counts = new Uint32Array(256)
  for (const type of batch.columns.type) counts[type] = (counts[type] as number) + 1
  const kinds = [...counts.entries()].filter(([, n]) => n > 0).map(([type, n]) => `${n} ${eventTypes[type] ?? `type ${type}`}`)
  return `${batch.count} events${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}; ${batch.resources.length} resources`
}

/** `2026-01-31T12:00:00.000000001Z ERROR network connect "refused" service.name="cart"` */
export function rowLine (row: EventRow, maxLength: number): string {
  const parts = [time(row.get('timeUnixNano')), row.severityName, row.type]
  for (const name of ['name', 'message'] as const) {
    const text = row.get(name)
    if (text !== undefined) parts.push(quoted(text, maxLength))
  }
  const service = row.resource.attributes['service.name']
  if (service !== undefined) parts.push(`service.name=${quoted(service, maxLength)}`)
  return parts.join(' ')
}

/** One line a field that the row has. */
export function * fieldLines (row: EventRow, maxLength: number): Generator<string> {
  const { resource, scope, attributes, ...columns } = row.toObject()
  for (const [name, value] of Object.entries(columns)) yield `    ${name}: ${quoted(value as AttributeValue, maxLength)}`
  for (const [key, value] of Object.entries(resource)) yield `    resource.${plain(key, maxLength)}: ${quoted(value, maxLength)}`
  if (scope !== undefined) yield `    scope: ${quoted(`${scope.name} ${scope.version}`.trim(), maxLength)}`
  for (const [key, value] of Object.entries({ ...attributes, ...row.allAttributes() })) yield `    attributes.${plain(key, maxLength)}: ${quoted(value, maxLength)}`
}

function time (nano: bigint | undefined): string {
  if (nano === undefined) return '-'
  const ms = Number(nano / 1_000_000n)
  // Beyond the year 275760 a Date has no text.
  return ms > 8.64e15 ? String(nano) : new Date(ms).toISOString().replace(/\d{3}Z$/, '') + String(nano % 1_000_000_000n).padStart(9, '0') + 'Z'
}

function quoted (value: AttributeValue, maxLength: number): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' || value === null) return String(value)
  if (value instanceof Uint8Array) return `${value.length} bytes ${Buffer.from(value.subarray(0, 32)).toString('hex')}`
  const text = typeof value === 'string' ? value : valueToJson(value)
  return `"${plain(text, maxLength)}"`
}

/** Control characters (C0, DEL, C1, line and direction marks) escaped, cut to `maxLength`. */
function plain (text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}… (${text.length} characters)` : text
  return cut.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
