/** Incidents as commands read them: from a store or from a server. Each is loaded when it is asked for: most commands need neither. */
import { StoreError } from '../store/store.js'
import type { Source } from './client/source.js'
import type { IncidentReader } from './incident-reader.js'

/** Rejects with an error whose message is for people. Tapio may write the store meanwhile. */
export async function openIncidents (source: Source): Promise<IncidentReader> {
  if (source.kind === 'server') {
    const { ApiIncidents } = await import('./client/api-incidents.js')
    const { GrpcClient } = await import('../api/client/grpc-client.js')
    return new ApiIncidents(new GrpcClient(source.address))
  }
  return openReadable(source.directory)
}

/** The store in `directory`, to read only. */
export async function openReadable (directory: string) {
  const { openStore } = await import('../store/open.js')
  try {
    return await openStore(directory, { readOnly: true })
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'absent') throw new Error(`${error.message}: give the directory of the store exporter with --store, add one to a pipeline, or ask a running Tapio with --server`)
    throw error
  }
}
