/** Copying chosen rows of a column. `width` = array cells a row (1, or 8 / 16 for byte columns). */
import type { ColumnArray } from './columns.js'

type Numeric = Exclude<ColumnArray, BigUint64Array>

/** The cells of `rows`, in that order, in a new array of the same kind. */
export function gather (array: ColumnArray, width: number, rows: Uint32Array): ColumnArray {
  if (array instanceof BigUint64Array) return gatherWide(array, rows)
  if (width > 1) return gatherBytes(array as Uint8Array, width, rows)
  const out = new (array.constructor as new (n: number) => Numeric)(rows.length)
  for (let i = 0; i < rows.length; i++) out[i] = array[rows[i] as number] as number
  return out
}

/** 64-bit cells move as two words: a bigint per cell would be an allocation per cell. */
function gatherWide (array: BigUint64Array, rows: Uint32Array): BigUint64Array {
  const from = new Uint32Array(array.buffer, array.byteOffset, array.length * 2)
  const out = new Uint32Array(rows.length * 2)
  for (let i = 0; i < rows.length; i++) {
    const at = (rows[i] as number) * 2
    out[i * 2] = from[at] as number
    out[i * 2 + 1] = from[at + 1] as number
  }
  return new BigUint64Array(out.buffer)
}

function gatherBytes (array: Uint8Array, width: number, rows: Uint32Array): Uint8Array {
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
