/**
 * Secrets in the texts of an OTLP record, masked where they lie: as many asterisks as the secret has bytes, so that no length in front of
 * it changes and all else of the record, also what nobody here knows, stays as it came.
 */
import { countIn, replaceIn, type Found, type Rule } from './rules.js'

/** Fields by number: `text`, or the message in it. What is not named has no text. */
type Fields = { readonly [field: number]: 'text' | (() => Fields) }

const anyValue = (): Fields => ({ 1: 'text', 5: () => ({ 1: anyValue }), 6: () => ({ 1: keyValue }) })
const keyValue = (): Fields => ({ 2: anyValue })
const exemplars = { 5: () => ({ 7: keyValue }), 8: () => ({ 7: keyValue }), 11: () => ({ 7: keyValue }) }
const points = (attributes: number, exemplar?: keyof typeof exemplars) => (): Fields => ({ 1: () => ({ [attributes]: keyValue, ...exemplar === undefined ? {} : { [exemplar]: exemplars[exemplar] } }) })

/** opentelemetry/proto: trace/v1, logs/v1, metrics/v1. Texts of a profile are not in its record. */
const records: Readonly<Record<string, Fields>> = {
  traces: { 3: 'text', 5: 'text', 9: keyValue, 11: () => ({ 2: 'text', 3: keyValue }), 13: () => ({ 3: 'text', 4: keyValue }), 15: () => ({ 2: 'text' }) },
  logs: { 3: 'text', 5: anyValue, 6: keyValue, 12: 'text' },
  metrics: { 1: 'text', 2: 'text', 3: 'text', 5: points(7, 5), 7: points(7, 5), 9: points(9, 8), 10: points(1, 11), 11: points(7), 12: keyValue }
}

const maxDepth = 40

/** A copy with the secrets masked; undefined when there are none. `found` is told of each. */
export function maskRecord (signal: string, record: Uint8Array, active: readonly Rule[], found: (rule: string) => void): Uint8Array | undefined {
  const fields = records[signal]
  if (fields === undefined || countIn(latin1(record), active) === 0) return undefined
  let copy: Buffer | undefined
  const asterisks: Found = (rule, match) => { found(rule); return '*'.repeat(match.length) }
  walk(Buffer.from(record.buffer, record.byteOffset, record.byteLength), 0, record.length, fields, 0, (start, end) => {
    const text = latin1(record.subarray(start, end))
    const masked = replaceIn(text, active, asterisks)
    if (masked === text) return
    copy ??= Buffer.from(record)
    copy.write(masked, start, 'latin1')
  })
  return copy
}

// A character of UTF-8 beyond ASCII becomes several here, none of which is in a secret; so places are those of the bytes.
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** Tells of each text in [at, end). Stops where the bytes are no protobuf: receivers have checked them, so that is not met. */
function walk (bytes: Buffer, at: number, end: number, fields: Fields, depth: number, text: (start: number, end: number) => void): void {
  while (at < end && depth < maxDepth) {
    const [tag, afterTag] = varint(bytes, at, end)
    const wire = tag & 7
    if (wire === 0) { at = varint(bytes, afterTag, end)[1]; continue }
    if (wire === 1) { at = afterTag + 8; continue }
    if (wire === 5) { at = afterTag + 4; continue }
    if (wire !== 2) return
    const [length, start] = varint(bytes, afterTag, end)
    at = start + length
    if (at > end) return
    const field = fields[tag >>> 3]
    if (field === 'text') text(start, at)
    else if (field !== undefined) walk(bytes, start, at, field(), depth + 1, text)
  }
}

/** Its value (as far as 53 bits say it) and where it ends. */
function varint (bytes: Buffer, at: number, end: number): readonly [number, number] {
  let value = 0
  for (let scale = 1; at < end; scale *= 128) {
    const byte = bytes[at++] as number
    value += (byte & 127) * scale
    if (byte < 128) break
  }
  return [value, at]
}
