/** Text that came with events, made safe to print: nothing in it moves the cursor, colours, reorders or forges a line. */
import { stripVTControlCharacters } from 'node:util'

/**
 * C0 and C1 (U+009B alone begins a control sequence), line separators, what reorders text, what has no width (but the joiners that
 * emoji and scripts need), the BOM, lone surrogates.
 */
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu
/** In a command joiners make one name look like another. */
const unfitForCommands = new RegExp(`${unprintable.source}|[\\u200c\\u200d]`, 'gu')
const harmful = new RegExp(unprintable.source, 'u')

/** Longer texts are some program's whole output; the document has them. */
export const maxText = 600

/** One line, at most `maxLength` code units long: sequences of a terminal taken out, white space joined, the rest of what is unprintable U+FFFD. */
export function printable (text: string, maxLength = maxText): string {
  // Cut first: what follows then costs the same however long the text is.
  const head = text.slice(0, 4 * maxLength)
  if (head.length <= maxLength && head.length === text.length && !harmful.test(head)) return head.trim()
  const line = stripVTControlCharacters(head).replace(/\s+/g, ' ').replace(unprintable, '\ufffd').trim()
  return line.length <= maxLength && head.length === text.length ? line : `${line.slice(0, maxLength - 1).replace(/\p{Surrogate}$/u, '').trimEnd()}…`
}

/** A command to copy: its own lines, nothing cut. A control character in one is a name's, and may not reach a shell. */
export function printableCommand (command: string): string[] {
  return stripVTControlCharacters(command).split(/\r?\n/).map(line => line.replaceAll('\t', '  ').replace(unfitForCommands, '\ufffd').trimEnd()).filter(line => line !== '')
}

/** Everything a terminal acts on or hides. */
const invisible = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g

/** Besides line feeds, which every form of a document shows in its way. */
export function hasInvisible (text: string): boolean { return /[\u0000-\u0009\u000b-\u001f]/.test(text) || text.search(invisible) >= 0 }

/** JSON text with the characters that `JSON.stringify` leaves as they are, though a terminal acts on them, written as escapes. */
export function safeJson (json: string): string {
  return json.replace(invisible, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
