import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const batchSize: MetricDeclaration = {
  name: 'batch_send_size', kind: 'histogram', unit: 'events', description: 'Rows in the batches sent',
  bounds: [10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000]
}
export const triggers: MetricDeclaration = {
  name: 'batch_sends', kind: 'counter', unit: '', description: 'Batches sent, by what made them leave: size, timeout, memory (it is short) or stop', attributes: ['trigger']
}
export const lateRejections: MetricDeclaration = {
  name: 'late_rejections', kind: 'counter', unit: 'events', description: 'Rows rejected by the next component after this one had accepted them'
}
export const retries: MetricDeclaration = {
  name: 'retries', kind: 'counter', unit: '', description: 'Times the next component asked to send a batch again'
}
export const pendingRows: MetricDeclaration = {
  name: 'pending', kind: 'gauge', unit: 'events', description: 'Rows held: waiting for a batch or being delivered'
}
