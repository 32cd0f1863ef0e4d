/** The table of the README: one line a configuration, measured. */
import type { Note } from '../../../core/migrate/report.js'
import type { Outcome } from './outcome.js'
import type { PublicConfig } from './files.js'

export interface Row { readonly config: PublicConfig, readonly outcome: Outcome, readonly startsAsItIs: boolean, readonly startsAfter: boolean }

/** Components without a counterpart, by their path. */
export function missingComponents (notes: readonly Note[]): readonly string[] {
  return [...new Set(notes.filter(n => n.kind === 'missing' && /^(receivers|processors|exporters|connectors|extensions)\.[^.]+$/.test(n.path)).map(n => n.path.slice(n.path.indexOf('.') + 1)))]
}

export function lines (rows: readonly Row[]): string[] {
  const table = rows.map(({ config, outcome: { migrated }, startsAsItIs, startsAfter }) => {
    const notes = migrated.ok ? migrated.notes : []
    const missing = missingComponents(notes)
    const after = startsAfter ? 'runs' : migrated.ok && migrated.runs ? 'valid' : 'no pipeline is left'
    return `| ${config.name} | [${config.repo}](https://github.com/${config.repo}/blob/${config.commit}/${config.path}) | ${config.licence} | ${startsAsItIs ? '**runs**' : 'no'} | ${after} | ${missing.length === 0 ? '' : missing.map(m => `\`${m}\``).join(', ')} |`
  })
  const asItIs = rows.filter(r => r.startsAsItIs).length
  const after = rows.filter(r => r.startsAfter).length
  return [
    '| configuration | from | licence | as it is | after migrate | components without a counterpart |', '|---|---|---|---|---|---|', ...table, '',
    `**Of ${rows.length}, ${asItIs} run unchanged, ${after} after \`config migrate\`** (started, and every OTLP request sent to them was taken and arrived where a pipeline sends it).`
  ]
}
