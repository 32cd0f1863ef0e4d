/** Incidents for programs: always a list, whatever was asked for, so that a script reads one form. */
import { Document, visit } from 'yaml'
import type { Incident } from '../incidents/incident.js'
import { hasInvisible, safeJson } from './printable.js'

export function incidentsJson (incidents: readonly Incident[]): string { return `${safeJson(JSON.stringify(incidents, null, 2))}\n` }

export function incidentsYaml (incidents: readonly Incident[]): string { return safeYaml(incidents) }

/** Through JSON first: no anchors for what is shared, no keys without a value. */
export function safeYaml (value: unknown): string {
  const document = new Document(JSON.parse(JSON.stringify(value)), { aliasDuplicateObjects: false })
  // Between double quotes YAML has JSON's escapes.
  visit(document, { Scalar (_key, node) { if (typeof node.value === 'string' && hasInvisible(node.value)) node.type = 'QUOTE_DOUBLE' } })
  return safeJson(document.toString({ lineWidth: 0 }))
}
