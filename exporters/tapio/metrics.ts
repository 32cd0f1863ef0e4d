/** What the tapio exporter counts. */
import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const sentBatches: MetricDeclaration = { name: 'tapio_exporter_batches', kind: 'counter', unit: '', attributes: ['outcome'], description: 'Batches the server has answered for, by outcome: accepted, rejected (in part or whole).' }
export const repeatedBatches: MetricDeclaration = { name: 'tapio_exporter_repeated_batches', kind: 'counter', unit: '', description: 'Batches sent again on another connection, because their acknowledgement had not come.' }
export const sentBytes: MetricDeclaration = { name: 'tapio_exporter_sent', kind: 'counter', unit: 'bytes', description: 'Bytes of batches put on the wire, repeated ones included.' }
export const connections: MetricDeclaration = { name: 'tapio_exporter_connections', kind: 'counter', unit: '', attributes: ['outcome'], description: 'Attempts to reach the server, by outcome: welcomed, failed.' }
export const unacknowledged: MetricDeclaration = { name: 'tapio_exporter_unacknowledged', kind: 'gauge', unit: 'events', description: 'Events sent, or waiting for a connection, whose outcome is not known.' }

export const declarations: readonly MetricDeclaration[] = [sentBatches, repeatedBatches, sentBytes, connections, unacknowledged]
