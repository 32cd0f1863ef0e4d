/** Copying chosen rows of a column. `width` = array cells a row (1, or 8 / 16 for byte columns). */
import type { ColumnArray } from './columns.js'

type Numeric = Exclude<ColumnArray, BigUint64Array>

/** The cells of `rows`, in that order, in a new array of the same kind. Every row must be in range. */
export function gather (array: ColumnArray, width: number, rows: Uint32Array): ColumnArray {
  if (array instanceof BigUint64Array) return new BigUint64Array(gatherWords(array, 2, rows).buffer)
  if (width > 1) return gatherBytes(array as Uint8Array, width, rows)
  if (array instanceof Uint32Array) return gatherIndex(array, rows)
  // Not `new array.constructor`: a Buffer given as a byte column would warn about `new Buffer(number)`.
  const out = array instanceof Uint8Array ? new Uint8Array(rows.length) : new (array.constructor as new (n: number) => Numeric)(rows.length)
  for (let i = 0; i < rows.length; i++) out[i] = array[rows[i] as number] as number
  return out
}

/** Wide cells move as 32-bit words: a bigint per cell would be an allocation per cell, bytes four times the work. */
function gatherWords (array: ColumnArray, words: number, rows: Uint32Array): Uint32Array {
  const from = new Uint32Array(array.buffer, array.byteOffset, array.byteLength / 4)
  const out = new Uint32Array(rows.length * words)
  for (let i = 0, to = 0; i < rows.length; i++) {
    let at = (rows[i] as number) * words
    for (const stop = at + words; at < stop; at++) out[to++] = from[at] as number
  }
  return out
}

function gatherBytes (array: Uint8Array, width: number, rows: Uint32Array): Uint8Array {
  if (array.byteOffset % 4 === 0) return new Uint8Array(gatherWords(array, width / 4, rows).buffer)
  const out = new Uint8Array(rows.length * width)
  for (let i = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * width
    for (let b = 0; b < width; b++) out[i * width + b] = array[from + b] as number
  }
  return out
}

export function gatherIndex (index: Uint32Array, rows: Uint32Array): Uint32Array {
  const out = new Uint32Array(rows.length)
  for (let i = 0; i < rows.length; i++) out[i] = index[rows[i] as number] as number
  return out
}

/** A view of rows [start, end). */
export function narrow (array: ColumnArray, width: number, start: number, end: number): ColumnArray {
  return array.subarray(start * width, end * width)
}
