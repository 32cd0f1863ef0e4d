import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const records: MetricDeclaration = { name: 'kernel_records', kind: 'counter', unit: '', description: 'Records that came from the kernel', attributes: ['program'] }
export const kernelDrops: MetricDeclaration = { name: 'kernel_dropped', kind: 'counter', unit: 'records', description: 'Records that ended in the kernel: `ring_full` (Tapio was too slow), `rate_limited`, `filtered`, or `missed` (a hook that interrupted itself). Exact.', attributes: ['program', 'reason'] }
export const hooks: MetricDeclaration = { name: 'kernel_hooks', kind: 'gauge', unit: '', description: 'Hooks of the kernel that are attached, and those this kernel does not have', attributes: ['state'] }
export const unknownRecords: MetricDeclaration = { name: 'kernel_unknown_records', kind: 'counter', unit: '', description: 'Records of a type or size that this build does not know: a bug' }
