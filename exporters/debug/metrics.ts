import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const leftOutLines: MetricDeclaration = { name: 'left_out', kind: 'counter', unit: '', description: 'Lines not printed because of `max_lines_per_second`' }
