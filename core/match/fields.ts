/** What a condition can ask about: which columns there are, and how the values of each are written. */
import { closest } from 'fastest-levenshtein'
import { columnNames, columnSpecs, type ColumnName } from '../data/columns.js'
import { eventTypes, metricKinds, signals, spanKinds } from '../data/enums.js'

export type Field =
  | { readonly kind: 'text', readonly column: ColumnName }
  | { readonly kind: 'words', readonly column: ColumnName, readonly words: readonly string[] }
  | { readonly kind: 'severity', readonly column: 'severity' }
  | { readonly kind: 'number', readonly column: ColumnName }
  | { readonly kind: 'duration' | 'time', readonly column: ColumnName }
  | { readonly kind: 'bytes', readonly column: ColumnName, readonly width: 8 | 16 }
  | { readonly kind: 'attribute' | 'resource', readonly key: string }
  | { readonly kind: 'scope', readonly key: 'name' | 'version' }

const wordColumns: Partial<Record<ColumnName, readonly string[]>> = {
  signal: signals, type: eventTypes, spanKind: spanKinds, metricKind: metricKinds, statusCode: ['unset', 'ok', 'error']
}

/** Indexes into tables of one batch mean nothing to a user. */
const internal: readonly ColumnName[] = ['resource', 'scope', 'rawBuffer', 'rawOffset']
export const fieldColumns = columnNames.filter(n => !internal.includes(n))

/** The field called `name`, or a sentence that says why there is none. */
export function fieldOf (name: string): Field | string {
  for (const [prefix, kind] of [['attributes.', 'attribute'], ['resource.', 'resource']] as const) {
    if (name.startsWith(prefix)) return name.length > prefix.length ? { kind, key: name.slice(prefix.length) } : `"${name}" needs a key after the dot`
  }
  if (name === 'scope.name') return { kind: 'scope', key: 'name' }
  if (name === 'scope.version') return { kind: 'scope', key: 'version' }
  const column = fieldColumns.find(c => c === name)
  if (column === undefined) return `there is no field "${name.slice(0, 80)}"; did you mean "${closest(name.slice(0, 80), [...fieldColumns, 'scope.name', 'scope.version', `attributes.${name.slice(0, 80)}`])}"?`
  return columnField(column)
}

function columnField (column: ColumnName): Field {
  const words = wordColumns[column]
  if (words !== undefined) return { kind: 'words', column, words }
  if (column === 'severity') return { kind: 'severity', column }
  if (column === 'durationNano') return { kind: 'duration', column }
  if (column === 'timeUnixNano' || column === 'observedTimeUnixNano') return { kind: 'time', column }
  switch (columnSpecs[column].storage) {
    case 'string': return { kind: 'text', column }
    case 'b8': return { kind: 'bytes', column, width: 8 }
    case 'b16': return { kind: 'bytes', column, width: 16 }
    default: return { kind: 'number', column }
  }
}
