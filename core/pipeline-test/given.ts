/** What a test gives: events as people write them in YAML, as batches. */
import { nearest } from '../config/suggest.js'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder, type EventInput } from '../data/builder.js'
import { eventFromJson } from '../data/json.js'
import { fieldColumns } from '../match/fields.js'
import { OperandError, severityRange } from '../match/operands.js'

const maps = ['attributes', 'resource', 'scope', 'raw']
const known = [...fieldColumns, ...maps]

type Written = Readonly<Record<string, unknown>>

/** What is wrong with an event as written; undefined: nothing. */
export function eventFault (written: Written): string | undefined {
  const unknown = Object.keys(written).find(key => !known.includes(key))
  if (unknown !== undefined) {
    const near = nearest(unknown, known)
    return `an event has no field \`${unknown.slice(0, 80)}\`${near === undefined ? '; what is not one of Tapio\'s belongs into `attributes`' : `; did you mean \`${near}\`?`}`
  }
  try {
    eventOf(written)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** One batch. `nowUnixNano` and `nextId`: for events that have no time and no id of their own. */
export function batchOf (written: readonly Written[], nowUnixNano: bigint, nextId: () => string): EventBatch {
  const builder = new BatchBuilder(written.length)
  for (const one of written) builder.append({ signal: 'events', timeUnixNano: nowUnixNano, id: nextId(), ...eventOf(one) })
  return builder.finish()
}

/** By way of the JSON form, which knows every field; words and times that only people write are turned first. */
function eventOf (written: Written): EventInput {
  const fields = Object.fromEntries(Object.entries(written).map(([key, value]) => [key, valueOf(key, value)]))
  const read = eventFromJson(JSON.stringify(fields))
  if (!read.ok) throw new OperandError(read.error)
  return read.event
}

function valueOf (key: string, value: unknown): unknown {
  if (key === 'severity' && typeof value === 'string') return severityRange(value)[0]
  if (key.endsWith('UnixNano') && typeof value === 'string' && !/^\d+$/.test(value)) {
    const ms = Date.parse(value)
    if (Number.isNaN(ms)) throw new OperandError(`"${key}": expected a time such as 2026-01-01T12:00:00Z, found "${value.slice(0, 40)}"`)
    return String(BigInt(ms) * 1_000_000n)
  }
  return value
}
