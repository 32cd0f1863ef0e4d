/** Incidents and links of a store: one file, which a reader may be waiting for. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Incidents } from './incidents.js'
import { LinkTable } from './links.js'
import { StoreError } from './store.js'
import { Tables } from './tables.js'

export interface Documents { readonly tables: Tables, readonly incidents: Incidents, readonly links: LinkTable }

export const tablesName = 'tables.mdb'

/** Throws StoreError. */
export function openDocuments (directory: string, readOnly: boolean): Documents {
  const path = join(directory, tablesName)
  if (readOnly && !existsSync(path)) throw new StoreError('absent', `there is no store at ${directory}`)
  const tables = new Tables(path, readOnly)
  try {
    return { tables, incidents: new Incidents(tables), links: new LinkTable(tables) }
  } catch (error) {
    tables.close().catch(() => undefined)
    throw error
  }
}

/** Undefined: no writer has made it yet. */
export function documentsIfThere (directory: string): Documents | undefined {
  try {
    return openDocuments(directory, true)
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'absent') return undefined
    throw error
  }
}
