/** Where commands read incidents from: the embedded store. */
import type { IncidentReader } from './incident-reader.js'

export async function openIncidents (directory: string): Promise<IncidentReader> {
  throw new Error(`there is no store in this build to read ${directory}`)
}
