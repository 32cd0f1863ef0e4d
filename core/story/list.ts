/** Incidents as a table: one line each where it fits, as what is piped always does, so that `grep` finds whole incidents. */
import type { Incident } from '../incidents/incident.js'
import { escapeMarkdown } from './markdown.js'
import { paragraph, type Page } from './layout.js'
import { printable } from './printable.js'
import { levelPaint } from './text.js'
import { dateMinute, levelWords, number } from './words.js'

const head = ['ID', 'STARTED (UTC)', 'STATUS', 'SEVERITY', 'AFFECTED', 'EVENTS', 'TITLE'] as const
const rightAligned = new Set(['AFFECTED', 'EVENTS'])
/** With less room than this, titles have lines of their own. */
const minTitle = 40

/** `isPiped`: lines are as long as they are. Ends with a line feed. */
export function incidentTable (incidents: readonly Incident[], page: Page, isPiped: boolean): string {
  const cells = incidents.map(cellsOf)
  const widths = head.slice(0, -1).map((name, column) => Math.max(name.length, ...cells.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[], paint = (text: string, _column: number): string => text): string => row.map((text, column) => {
    const room = widths[column] ?? 0
    return paint(rightAligned.has(head[column] ?? '') ? text.padStart(room) : text.padEnd(room), column)
  }).join('  ')
  const before = widths.reduce((sum, width) => sum + width + 2, 0)
  const isNarrow = !isPiped && page.width - before < minTitle
  const { colors: c } = page
  return [
    c.bold(line(isNarrow ? head.slice(0, -1) : head).trimEnd()),
    ...incidents.flatMap((incident, i) => {
      const row = line(cells[i] ?? [], (text, column) => head[column] === 'SEVERITY' ? levelPaint(c, incident.severity)(text) : text)
      const title = printable(incident.title)
      return isNarrow ? [row, ...paragraph(page, '  ', title)] : isPiped ? [`${row}  ${title}`] : paragraph(page, `${row}  `, title, before)
    })
  ].join('\n') + '\n'
}

/** The same for a ticket. */
export function incidentMarkdownTable (incidents: readonly Incident[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    row(['ID', 'Started (UTC)', 'Status', 'Severity', 'Affected', 'Events', 'Title']),
    row(['---', '---', '---', '---', '---:', '---:', '---']),
    ...incidents.map(i => row([...cellsOf(i), escapeMarkdown(printable(i.title))]))
  ].join('\n') + '\n'
}

function cellsOf (i: Incident): string[] {
  return [printable(i.id, 64), dateMinute(i.startMs), i.status, levelWords[i.severity].toLowerCase(), number(i.impact.affected.length), number(i.events)]
}
