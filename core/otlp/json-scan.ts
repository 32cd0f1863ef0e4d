/**
 * A look at JSON text before JSON.parse turns it into objects: how deep, how many values, and which integers a JavaScript
 * number cannot hold. Without it 20 MB of `[{},{},…]` would become a gigabyte, and the 19 digits of a nanosecond time that
 * a client wrote as a number (which OTLP/JSON allows) would lose their last three.
 */
export interface JsonLimits {
  readonly maxDepth: number
  readonly maxValues: number
}

/** Protobuf's own limit of 100 messages; in JSON each may sit in an array. 4 million values cost about 200 MB at worst. */
export const defaultJsonLimits: JsonLimits = { maxDepth: 200, maxValues: 4_000_000 }

const quote = 0x22
const backslash = 0x5c
const openers = new Set([0x5b, 0x7b])
const closers = new Set([0x5d, 0x7d])
const comma = 0x2c

/** Digits from which an integer may exceed 2^53. */
const longDigits = 16

/** The text with long integers in quotes, or what is wrong with it. */
export function prepareJson (bytes: Buffer, limits: JsonLimits = defaultJsonLimits): { readonly ok: true, readonly text: string } | { readonly ok: false, readonly error: string } {
  const longIntegers: number[] = []
  let depth = 0
  let values = 1
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i] as number
    if (c === quote) i = endOfString(bytes, i + 1)
    else if (openers.has(c)) {
      if (++depth > limits.maxDepth) return { ok: false, error: `JSON nested deeper than ${limits.maxDepth}` }
      values++
    } else if (closers.has(c)) depth--
    else if (c === comma) values++
    else if (isDigit(c) || c === 0x2d) {
      const end = endOfNumber(bytes, i + 1)
      if (end - i >= longDigits && isInteger(bytes, i, end)) longIntegers.push(i, end)
      i = end - 1
    }
    if (values > limits.maxValues) return { ok: false, error: `more than ${limits.maxValues} JSON values` }
  }
  return { ok: true, text: withQuotes(bytes, longIntegers) }
}

/** The position of the closing quote (or the end of the text, which JSON.parse then complains about). */
function endOfString (bytes: Buffer, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const c = bytes[i]
    if (c === backslash) i++
    else if (c === quote) return i
  }
  return bytes.length
}

function endOfNumber (bytes: Buffer, from: number): number {
  let i = from
  // Digits, sign, point and exponent; whether they make a number is for JSON.parse.
  while (i < bytes.length && (isDigit(bytes[i] as number) || '+-.eE'.includes(String.fromCharCode(bytes[i] as number)))) i++
  return i
}

function isInteger (bytes: Buffer, from: number, to: number): boolean {
  for (let i = bytes[from] === 0x2d ? from + 1 : from; i < to; i++) if (!isDigit(bytes[i] as number)) return false
  return true
}

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39

function withQuotes (bytes: Buffer, ranges: readonly number[]): string {
  if (ranges.length === 0) return bytes.toString('utf8')
  const parts: string[] = []
  let at = 0
  for (let i = 0; i < ranges.length; i += 2) {
    const from = ranges[i] as number
    const to = ranges[i + 1] as number
    parts.push(bytes.toString('utf8', at, from), '"', bytes.toString('latin1', from, to), '"')
    at = to
  }
  parts.push(bytes.toString('utf8', at))
  return parts.join('')
}
