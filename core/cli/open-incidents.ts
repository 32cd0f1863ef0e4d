/** The embedded store as commands read it. Loaded when one is asked for: its engine is native code, and most commands need none. */
import { StoreError } from '../store/store.js'
import type { IncidentReader } from './incident-reader.js'

/** Rejects with an error whose message is for people. Tapio may write the store meanwhile. */
export async function openIncidents (directory: string): Promise<IncidentReader> {
  const { openStore } = await import('../store/open.js')
  try {
    return await openStore(directory, { readOnly: true })
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'absent') throw new Error(`${error.message}: give the directory of the store exporter with --store, or add one to a pipeline`)
    throw error
  }
}
