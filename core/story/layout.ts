/** Lines of a terminal: wrapped to a width, indented, underlined. Measured as terminals do, colours aside. */
import wrapAnsi from 'wrap-ansi'
import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

export interface Page {
  /** Columns to use. */
  readonly width: number
  readonly colors: Colors
}

/** Longer lines are hard to read, however wide the terminal is. */
const maxWidth = 120
/** Narrower ones are not worth bending for. */
const minWidth = 40

/** `columns` of the terminal; undefined = not one. */
export function pageOf (columns: number | undefined, color: boolean): Page {
  return { width: Math.min(maxWidth, Math.max(minWidth, columns ?? 80)), colors: pc.createColors(color) }
}

/** Stays on one line where it fits on one: its spaces become such that `paragraph` does not break at, and writes as spaces. */
export function unbroken (text: string): string { return text.replaceAll(' ', '\u00a0') }

/** `text` wrapped behind `first`, its further lines behind as many blanks. Words longer than a line are broken. */
export function paragraph (page: Page, first: string, text: string, firstLength = first.length): string[] {
  const lines = wrapAnsi(text, Math.max(10, page.width - firstLength), { hard: true }).replaceAll('\u00a0', ' ').split('\n')
  return lines.map((line, i) => `${i === 0 ? first : ' '.repeat(firstLength)}${line}`)
}

export function heading (page: Page, text: string): string[] {
  const lines = paragraph(page, '', text)
  return [...lines.map(page.colors.bold), page.colors.dim('═'.repeat(Math.min(page.width, text.length)))]
}
