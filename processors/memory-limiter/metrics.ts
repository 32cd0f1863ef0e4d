import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const usedBytes: MetricDeclaration = { name: 'memory_limiter_usage', kind: 'gauge', unit: 'bytes', description: 'Memory that the kernel could not take back, of the control group whose limit counts or of the process.' }
export const hardLimit: MetricDeclaration = { name: 'memory_limiter_limit', kind: 'gauge', unit: 'bytes', description: 'Limit by kind: soft (only severe rows are taken), hard (must not be exceeded).', attributes: ['kind'] }
export const levelNumber: MetricDeclaration = { name: 'memory_limiter_level', kind: 'gauge', unit: '', description: 'How short of memory the process is: 0 none, 1 shrink, 2 spill, 3 shed, 4 refuse.' }
export const heapShare: MetricDeclaration = { name: 'memory_limiter_heap', kind: 'gauge', unit: 'ratio', description: 'What is used of its limit by the fullest heap of all threads, 0 to 1.' }
export const levelChanges: MetricDeclaration = { name: 'memory_limiter_level_changes', kind: 'counter', unit: '', description: 'Changes of the level, by the new one.', attributes: ['level'] }
export const deferredRows: MetricDeclaration = { name: 'memory_limiter_deferred', kind: 'counter', unit: 'events', description: 'Rows whose sender was asked to bring them later.' }
