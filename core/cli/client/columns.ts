/** Lines of cells: as wide as their widest, two blanks between, the last one as long as it is. */

export interface Cell {
  readonly text: string
  readonly right?: boolean
  readonly paint?: (text: string) => string
}

/** Painted after padding, so that colours do not count. */
export function columns (rows: readonly (readonly Cell[])[], indent = ''): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length)
  return rows.map(row => indent + row.map(({ text, right, paint = same }, i) => {
    const room = widths[i] as number
    return paint(right === true ? text.padStart(room) : i === row.length - 1 ? text : text.padEnd(room))
  }).join('  ').trimEnd())
}

export const left = (text: string, paint?: Cell['paint']): Cell => ({ text, ...(paint !== undefined && { paint }) })
export const right = (text: string, paint?: Cell['paint']): Cell => ({ text, right: true, ...(paint !== undefined && { paint }) })

const same = (text: string): string => text
