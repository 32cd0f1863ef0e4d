/** What a migration has to say: one note per thing that is not as it was, with the place in the file it came from. */
import pc from 'picocolors'
import { visible } from '../config/faults.js'

/**
 * `translated`: means the same, written differently. `changed`: works, and differs in something that can matter. `missing`: nothing in
 * Tapio does it; it is commented out.
 */
export type NoteKind = 'translated' | 'changed' | 'missing'

export interface Note {
  readonly kind: NoteKind
  /** As people write it: `processors.batch.metadata_keys`. */
  readonly path: string
  /** In the file that is migrated; from 1. */
  readonly line: number
  readonly message: string
  /** What to do instead. */
  readonly help?: string
}

export interface Summary { readonly translated: number, readonly changed: number, readonly missing: number }

const order: readonly NoteKind[] = ['missing', 'changed', 'translated']

export function summaryOf (notes: readonly Note[]): Summary {
  const count = (kind: NoteKind): number => notes.filter(n => n.kind === kind).length
  return { translated: count('translated'), changed: count('changed'), missing: count('missing') }
}

/** By line, as they are read; of one line in the order they were found. */
export function inOrder (notes: readonly Note[]): readonly Note[] {
  return [...notes].sort((a, b) => a.line - b.line)
}

const titles: Readonly<Record<NoteKind, string>> = { missing: 'without a counterpart', changed: 'changed in meaning', translated: 'translated' }

/**
 *     without a counterpart:
 *       otel.yaml:12  receivers.hostmetrics: Tapio reads no gauges of the host
 *                     -> keep a Collector for them and send its metrics here over OTLP
 */
export function renderNotes (file: string, notes: readonly Note[], color: boolean): string {
  const c = pc.createColors(color)
  const paint: Readonly<Record<NoteKind, (text: string) => string>> = { missing: c.red, changed: c.yellow, translated: c.green }
  const lines: string[] = []
  for (const kind of order) {
    const these = inOrder(notes).filter(n => n.kind === kind)
    if (these.length === 0) continue
    const width = Math.max(...these.map(n => `${file}:${n.line}`.length))
    lines.push(`${paint[kind](c.bold(titles[kind]))}:`)
    for (const { path, line, message, help } of these) {
      lines.push(`  ${c.dim(`${visible(file)}:${line}`.padEnd(width))}  ${visible(path)}: ${visible(message)}`)
      if (help !== undefined) lines.push(`  ${' '.repeat(width)}  ${c.blue('->')} ${visible(help)}`)
    }
  }
  const { translated, changed, missing } = summaryOf(notes)
  lines.push(notes.length === 0 ? 'everything is as it was' : `${missing} without a counterpart, ${changed} changed in meaning, ${translated} translated`)
  return `${lines.join('\n')}\n`
}

/** For tools; the same notes, and whether everything is there. */
export function notesAsJson (file: string, notes: readonly Note[]): string {
  return `${JSON.stringify({ file, complete: notes.every(n => n.kind !== 'missing'), ...summaryOf(notes), notes: inOrder(notes) }, null, 2)}\n`
}
