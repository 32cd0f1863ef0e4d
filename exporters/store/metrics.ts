import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const storedEvents: MetricDeclaration = { name: 'store_stored', kind: 'counter', unit: 'events', description: 'Events written to the store' }
export const storedDocuments: MetricDeclaration = { name: 'store_documents', kind: 'counter', unit: '', description: 'Incidents and links written to the store', attributes: ['kind'] }
export const storeErrors: MetricDeclaration = { name: 'store_errors', kind: 'counter', unit: '', description: 'Failures to open the store, to write to it or to keep its bounds' }
export const storeBytes: MetricDeclaration = { name: 'store_size', kind: 'gauge', unit: 'bytes', description: 'Bytes of the store on disk, looked at once a minute' }
