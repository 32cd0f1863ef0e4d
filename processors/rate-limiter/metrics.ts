import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const turnedBack: MetricDeclaration = { name: 'rate_limiter_turned_back', kind: 'counter', unit: 'events', description: 'Rows of batches that were to come again because a key was above its limit (`on_limit: retry`).' }
export const exempted: MetricDeclaration = { name: 'rate_limiter_exempt', kind: 'counter', unit: 'events', description: 'Rows that passed by `exempt`.' }
export const keysHeld: MetricDeclaration = { name: 'rate_limiter_keys', kind: 'gauge', unit: '', description: 'Keys with a limit of their own that are remembered.' }
export const keysForgotten: MetricDeclaration = { name: 'rate_limiter_forgotten_keys', kind: 'counter', unit: '', description: 'Keys forgotten because there were more than `max_keys`.' }
