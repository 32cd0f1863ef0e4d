import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const submissions: MetricDeclaration = { name: 'api_submissions', kind: 'counter', unit: '', attributes: ['outcome'], description: 'Batches that came over the API, by outcome: accepted, rejected (in part or whole), retry (the client was asked to send again), malformed' }
export const rejectedEvents: MetricDeclaration = { name: 'rejected', kind: 'counter', unit: 'events', description: 'Events that the pipeline rejected; their client was told' }
export const pendingBytes: MetricDeclaration = { name: 'api_pending', kind: 'gauge', unit: 'bytes', description: 'Bytes of batches whose outcome is not known yet' }
