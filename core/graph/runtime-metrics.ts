/** What the runtime itself counts: threads and rings. */
import type { MetricDeclaration } from '../telemetry/meter.js'

export const workerDeaths: MetricDeclaration = {
  name: 'worker_deaths', kind: 'counter', unit: '', description: 'Worker threads that ended without being asked to.', attributes: ['thread']
}

export const workerStalls: MetricDeclaration = {
  name: 'worker_stalls', kind: 'counter', unit: '', description: 'Worker threads that were ended because they had stood still for `service.stall_timeout`.', attributes: ['thread']
}

export const workerLost: MetricDeclaration = {
  name: 'worker_lost', kind: 'counter', unit: 'events', description: 'Rows that a dead worker had taken over and not passed on.', attributes: ['thread']
}

export const poisonBatches: MetricDeclaration = {
  name: 'recovery_poison', kind: 'counter', unit: 'events', description: 'Rows of batches that two threads in a row died of: taken out of the ring, so that the third goes on.', attributes: ['ring']
}

export const ringUsed: MetricDeclaration = {
  name: 'ring_used', kind: 'gauge', unit: 'bytes', description: 'Bytes in the ring between two threads that its reader has not released.', attributes: ['ring']
}

export const ringCapacity: MetricDeclaration = {
  name: 'ring_capacity', kind: 'gauge', unit: 'bytes', description: 'Size of the ring between two threads.', attributes: ['ring']
}

export const ringLost: MetricDeclaration = {
  name: 'ring_lost', kind: 'counter', unit: 'events', description: 'Rows left in a ring when the drain deadline passed or a peer died.', attributes: ['ring']
}

export const ringPassed: MetricDeclaration = {
  name: 'ring_passed', kind: 'counter', unit: 'events', description: 'Rows that a thread gave to the ring to the next one.', attributes: ['pipeline', 'thread']
}

export const runtimeMetrics: readonly MetricDeclaration[] = [workerDeaths, workerLost, workerStalls, poisonBatches, ringUsed, ringCapacity, ringLost, ringPassed]
