/** Incidents for programs: always a list, whatever was asked for, so that a script reads one form. */
import { stringify } from 'yaml'
import type { Incident } from '../incidents/incident.js'
import { safeJson } from './printable.js'

export function incidentsJson (incidents: readonly Incident[]): string { return `${safeJson(JSON.stringify(incidents, null, 2))}\n` }

/** Through JSON first: no anchors for what is shared, no keys without a value. Strings that a terminal would act on are written with escapes. */
export function incidentsYaml (incidents: readonly Incident[]): string {
  return stringify(JSON.parse(JSON.stringify(incidents)), { aliasDuplicateObjects: false, lineWidth: 0 })
}
