/** Incidents and links that came as rows: `raw` is their JSON document. */
import type { EventBatch } from '../../core/data/batch.js'
import { incidentFault, isIncident, isLink, linkFault } from '../../core/store/incident-shape.js'
import type { Store } from '../../core/store/store.js'
import type { Reports } from './reports.js'

/** Longer ones are not parsed. */
const maxDocumentBytes = 8 << 20

export async function putIncidents (store: Store, batch: EventBatch, rows: readonly number[], reports: Reports): Promise<void> {
  await Promise.all(rows.map(async row => {
    const value = parse(batch, row)
    if (isIncident(value)) await store.putIncident(value).then(() => reports.incidents.add(1))
    else reports.malformed('tapio.incident', value instanceof Error ? value.message : incidentFault(value))
  }))
}

export async function putLinks (store: Store, batch: EventBatch, rows: readonly number[], reports: Reports): Promise<void> {
  await Promise.all(rows.map(async row => {
    const value = parse(batch, row)
    if (isLink(value)) await store.putLink(value).then(() => reports.links.add(1))
    else reports.malformed('tapio.link', value instanceof Error ? value.message : linkFault(value))
  }))
}

function parse (batch: EventBatch, row: number): unknown {
  const { raw } = batch.at(row)
  if (raw === undefined) return new Error('it has no document')
  if (raw.length > maxDocumentBytes) return new Error(`its document has ${raw.length} bytes`)
  try {
    return JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString())
  } catch (error) {
    return error
  }
}
