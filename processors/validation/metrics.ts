import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const markedEvents: MetricDeclaration = {
  name: 'marked', kind: 'counter', unit: 'events', description: 'Invalid events passed on with a mark (`on_invalid: mark`)'
}
