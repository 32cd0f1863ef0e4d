/** The documentation of the columns, from the table that defines them. The doc tool puts it into README.md. */
import { columnNames, columnSpecs } from './columns.js'

/** A Markdown table, one line a column, ordered by id. */
export function columnsTable (): string {
  const rows = columnNames.map(name => {
    const spec = columnSpecs[name]
    const semconv = 'semconv' in spec ? `\`${spec.semconv as string}\`` : ''
    return [String(spec.id), `\`${name}\``, spec.storage, spec.meaning, semconv, absentText(name)]
  })
  return [['id', 'column', 'storage', 'meaning', 'semantic convention', 'absent'], ['---:', '---', '---', '---', '---', '---'], ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |\n`).join('')
}

function absentText (name: (typeof columnNames)[number]): string {
  const { storage, absent } = columnSpecs[name]
  if (storage === 'b8' || storage === 'b16') return 'zeros'
  return storage === 'string' ? '`\'\'`' : String(absent)
}
