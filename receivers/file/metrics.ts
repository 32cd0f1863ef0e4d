import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const damagedRegions: MetricDeclaration = { name: 'damaged_regions', kind: 'counter', unit: '', description: 'Stretches of a file that are no batch or no event, and were skipped' }
export const damagedBytes: MetricDeclaration = { name: 'damaged', kind: 'counter', unit: 'bytes', description: 'Bytes in those stretches' }
export const failedFiles: MetricDeclaration = { name: 'failed_files', kind: 'counter', unit: '', description: 'Files that could not be opened or read to their end' }
export const rejectedEvents: MetricDeclaration = { name: 'rejected', kind: 'counter', unit: 'events', description: 'Replayed events that the pipeline rejected' }
export const followedFiles: MetricDeclaration = { name: 'followed_files', kind: 'gauge', unit: '', description: 'Files that are followed, rotated ones included.' }
export const unreadBytes: MetricDeclaration = { name: 'unread', kind: 'counter', unit: 'bytes', description: 'Bytes of followed files that were cut off or removed before they were delivered, as far as they were seen.' }
