/** A store or a server, as far as commands that show incidents need it. */
import type { Incident } from '../incidents/incident.js'
import { isIncident } from '../incidents/schema.js'
import type { Source } from './client/source.js'
import { matchesQuery, type IncidentQuery } from '../story/select.js'

/** What core/store's StoreReader can do too. */
export interface IncidentReader {
  incidents(query: IncidentQuery, page: { readonly limit: number, readonly cursor?: string }): Promise<{ readonly incidents: readonly Incident[], readonly next?: string }>
  close(): Promise<void>
}

export type OpenReader = (source: Source) => Promise<IncidentReader>

const pageSize = 200
/** More than a store keeps by default; beyond it a question is too wide for a terminal. */
const maxScanned = 100_000

export interface Found {
  readonly incidents: readonly Incident[]
  /** Documents that are no incidents of a kind this Tapio reads. */
  readonly unreadable: number
}

/** All incidents a question is about, newest first. */
export async function findIncidents (reader: IncidentReader, query: IncidentQuery): Promise<Found> {
  const incidents: Incident[] = []
  let [unreadable, scanned] = [0, 0]
  let cursor: string | undefined
  do {
    const page = await reader.incidents(storeQuery(query), { limit: pageSize, ...(cursor !== undefined && { cursor }) })
    for (const incident of page.incidents) {
      if (!isIncident(incident)) unreadable++
      else if (matchesQuery(incident, query)) incidents.push(incident)
    }
    scanned += page.incidents.length
    cursor = page.next
  } while (cursor !== undefined && scanned < maxScanned)
  return { incidents, unreadable }
}

/** A store finds whole trace ids by itself; parts of one are looked for here. */
function storeQuery ({ traceId, ...rest }: IncidentQuery): IncidentQuery { return traceId?.length === 32 ? { traceId, ...rest } : rest }
