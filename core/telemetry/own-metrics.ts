/** Metrics about the metrics. */
import type { MetricDeclaration } from './meter.js'

export const telemetryOverflow: MetricDeclaration = {
  name: 'telemetry_overflow',
  kind: 'counter',
  unit: '',
  description: 'Requests for a new metric series that found no room and were given the shared overflow series of their metric.'
}

export const telemetryInvalidValues: MetricDeclaration = {
  name: 'telemetry_invalid_values',
  kind: 'counter',
  unit: '',
  description: 'Values given to an instrument that cannot be counted (negative, not a number, a fraction) and were left out.'
}

export const ownMetrics: readonly MetricDeclaration[] = [telemetryOverflow, telemetryInvalidValues]
