/** What a Tapio counts of the reloads of its configuration. */
import type { MetricDeclaration } from '../telemetry/meter.js'

export const reloads: MetricDeclaration = {
  name: 'reload', kind: 'counter', unit: '', attributes: ['result'],
  description: 'Reloads of the configuration by their end: `applied`, `unchanged`, `rejected` (nothing was touched), `rolled_back` (it did not come up, the old one runs again) or `failed` (neither does).'
}

export const reloadSeconds: MetricDeclaration = {
  name: 'reload_duration', kind: 'gauge', unit: 'seconds', description: 'How long the last reload of the configuration took.'
}

export const reloadMetrics: readonly MetricDeclaration[] = [reloads, reloadSeconds]
