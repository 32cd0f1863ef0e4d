import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const readFiles: MetricDeclaration = { name: 'snapshot_files', kind: 'counter', unit: '', description: 'Files of the dump: read, unknown (part of no known layout), too_large, damaged (not what the name says), beyond_limit', attributes: ['outcome'] }
export const readObjects: MetricDeclaration = { name: 'snapshot_objects', kind: 'counter', unit: '', description: 'Objects: read, other_kind (without known states), damaged', attributes: ['outcome'] }
export const cutLogs: MetricDeclaration = { name: 'snapshot_cut_logs', kind: 'counter', unit: '', description: 'Logs of which only the end was read' }
export const rejectedEvents: MetricDeclaration = { name: 'rejected', kind: 'counter', unit: 'events', description: 'Events that the pipeline rejected' }
