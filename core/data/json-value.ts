/**
 * AttributeValues as JSON text that loses nothing:
 *  - an integer that a double cannot hold is written with all its digits, as JSON allows; a double of that size is written
 *    with an exponent, so that the two stay apart (10000000000000001 and 1e+16);
 *  - bytes are {"$bytes":"base64"}, NaN and the infinities {"$double":"NaN"};
 *  - an object of the sender's that looks like one of these gets one more `$` in front of its key.
 * A reader that knows none of this sees plain JSON.
 */
import { setOwn, type AttributeValue } from './attributes.js'

/** What went wrong, for the result of eventFromJson. Stays inside this room. */
export class InvalidJson extends Error {
  override readonly name = 'InvalidJson'
}

const maxDepth = 100

/** One line of JSON. */
export function valueToJson (value: AttributeValue): string {
  switch (typeof value) {
    case 'string': return JSON.stringify(value)
    case 'number': return numberToJson(value)
    case 'boolean': case 'bigint': return String(value)
    default: return value === null ? 'null' : objectToJson(value)
  }
}

/** A double: unlike JSON.stringify, with its sign of zero and what JSON has no number for. */
export function numberToJson (value: number): string {
  if (!Number.isFinite(value)) return `{"$double":"${value}"}`
  if (Object.is(value, -0)) return '-0'
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return value.toExponential()
  return String(value)
}

function objectToJson (value: object): string {
  if (value instanceof Uint8Array) return `{"$bytes":"${toBase64(value)}"}`
  if (Array.isArray(value)) return `[${value.map(item => valueToJson(item as AttributeValue)).join(',')}]`
  return attributesToJson(value as { [key: string]: AttributeValue })
}

/** The attributes as an object, keys in their order. */
export function attributesToJson (attributes: Readonly<Record<string, AttributeValue>>): string {
  const entries = Object.entries(attributes)
  const escape = entries.length === 1 && entries[0]?.[0].startsWith('$') === true
  return `{${entries.map(([key, item]) => `${JSON.stringify(escape ? `$${key}` : key)}:${valueToJson(item)}`).join(',')}}`
}

export function toBase64 (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Strict, unlike Buffer: what is not base64 is an error, not silently skipped. */
export function fromBase64 (value: unknown): Buffer {
  if (typeof value !== 'string' || value.length % 4 !== 0) throw new InvalidJson('expected base64')
  const bytes = Buffer.from(value, 'base64')
  if (bytes.toString('base64') !== value) throw new InvalidJson('expected base64')
  return bytes
}

/** JSON.parse with every large integer as {"$int":"digits"}, which `valueFromJson` reads. Throws InvalidJson. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(mayHoldLargeInteger.test(text) ? tagLargeIntegers(text) : text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidJson(error.message)
    throw error
  }
}

const mayHoldLargeInteger = /(?:^|[:,[\s])-?\d{16}/
const largeInteger = /(-?\d{16,})(?![\d.eE])/y

/** Walks over the text outside strings. JSON.parse itself rounds such numbers and Node 20 cannot show it their source. */
function tagLargeIntegers (text: string): string {
  let tagged = ''
  let done = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) i = endOfString(text, i)
    else if (c === minus || (c >= 48 && c <= 57)) {
      largeInteger.lastIndex = i
      const digits = largeInteger.exec(text)?.[1]
      if (digits === undefined) { i = endOfNumber(text, i); continue }
      tagged += `${text.slice(done, i)}{"$int":"${digits}"}`
      done = i + digits.length
      i = done - 1
    }
  }
  return tagged + text.slice(done)
}

const quote = 34
const minus = 45

function endOfString (text: string, start: number): number {
  let i = start + 1
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 92) i++
    else if (c === quote) break
  }
  return i
}

function endOfNumber (text: string, start: number): number {
  let i = start
  while (i + 1 < text.length && /[\d.eE+-]/.test(text[i + 1] as string)) i++
  return i
}

/** What parseJson gave as an AttributeValue. Throws InvalidJson. */
export function valueFromJson (value: unknown, depth = 0): AttributeValue {
  if (typeof value !== 'object' || value === null) return value as AttributeValue
  if (depth > maxDepth) throw new InvalidJson(`nested deeper than ${maxDepth}`)
  if (Array.isArray(value)) return value.map(item => valueFromJson(item, depth + 1))
  return attributesFromJson(value, depth)
}

function attributesFromJson (value: object, depth: number): AttributeValue {
  const entries = Object.entries(value)
  const [key, item] = entries[0] ?? ['', undefined]
  if (entries.length === 1 && key.startsWith('$')) {
    switch (key) {
      case '$int': return integer(item)
      case '$bytes': return new Uint8Array(fromBase64(item))
      case '$double': return double(item)
      default: return { [key.slice(1)]: valueFromJson(item, depth + 1) }
    }
  }
  const attributes: { [key: string]: AttributeValue } = {}
  for (const [name, inner] of entries) setOwn(attributes, name, valueFromJson(inner, depth + 1))
  return attributes
}

/** A number when exact, a bigint up to 64 bits, beyond them the nearest double. */
function integer (text: unknown): number | bigint {
  if (typeof text !== 'string' || !/^-?\d{1,400}$/.test(text)) throw new InvalidJson('"$int" takes decimal digits')
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  const value = BigInt(text)
  return value >= -(2n ** 63n) && value < 2n ** 64n ? value : number
}

function double (text: unknown): number {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text)
  throw new InvalidJson('"$double" takes NaN, Infinity or -Infinity')
}
