/** Any attribute value as text: a string is itself, everything else compact JSON. */
import type { AttributeValue } from '../data/attributes.js'

/** '' for null. Integers of any size are written in full, bytes in base64. */
export function valueText (value: AttributeValue): string {
  if (value === null) return ''
  return typeof value === 'string' ? value : json(value)
}

/** JSON.stringify refuses bigints and turns NaN and the infinities into null. */
function json (value: AttributeValue): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`
  if (value instanceof Uint8Array) return `"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"`
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${json(v)}`).join(',')}}`
  return JSON.stringify(value)
}
