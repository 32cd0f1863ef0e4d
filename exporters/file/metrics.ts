import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const writtenBytes: MetricDeclaration = { name: 'written', kind: 'counter', unit: 'bytes', description: 'Bytes written to files' }
export const rotations: MetricDeclaration = { name: 'rotations', kind: 'counter', unit: '', description: 'Files closed and renamed because of size or age' }
export const writeErrors: MetricDeclaration = { name: 'write_errors', kind: 'counter', unit: '', description: 'Failures to open, write, force to disk, rename, compress or delete' }
