/**
 * A set of rows of one block in few bytes: runs, as pairs of LEB128 numbers (rows left out since the last run, rows in it - 1). One row
 * is two bytes, all rows are three, every second one is two bytes each.
 */

/** `rows` ascending, each once. */
export function encodeRows (rows: ArrayLike<number>): Buffer {
  const bytes: number[] = []
  let end = 0
  for (let i = 0; i < rows.length;) {
    const start = rows[i] as number
    let next = i + 1
    while (next < rows.length && rows[next] === start + next - i) next++
    putNumber(bytes, start - end)
    putNumber(bytes, next - i - 1)
    end = start + next - i
    i = next
  }
  return Buffer.from(bytes)
}

/** All rows from `first` to `last`. */
export function encodeSpan (first: number, last: number): Buffer {
  const bytes: number[] = []
  putNumber(bytes, first)
  putNumber(bytes, last - first)
  return Buffer.from(bytes)
}

/** The rows, ascending. Bytes that are none give some rows below `limit`. */
export function decodeRows (bytes: Uint8Array, limit: number): number[] {
  const rows: number[] = []
  const reader = { bytes, at: 0 }
  for (let row = 0; reader.at < bytes.length;) {
    row += takeNumber(reader)
    const end = Math.min(row + takeNumber(reader) + 1, limit)
    while (row < end) rows.push(row++)
    if (row >= limit) break
  }
  return rows
}

function putNumber (bytes: number[], number: number): void {
  let rest = number
  while (rest > 127) { bytes.push(rest & 127 | 128); rest >>>= 7 }
  bytes.push(rest)
}

function takeNumber (reader: { readonly bytes: Uint8Array, at: number }): number {
  let number = 0
  for (let shift = 0; shift < 28 && reader.at < reader.bytes.length; shift += 7) {
    const byte = reader.bytes[reader.at++] as number
    number |= (byte & 127) << shift
    if (byte < 128) break
  }
  return number
}
