import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const records: MetricDeclaration = { name: 'kernel_records', kind: 'counter', unit: '', description: 'Records that came from the kernel', attributes: ['program'] }
export const kernelDrops: MetricDeclaration = { name: 'kernel_dropped', kind: 'counter', unit: 'records', description: 'Records that ended in the kernel: `ring_full` (no room: Tapio was too slow, or too many cgroups were to be added up), `rate_limited`, `filtered`, or `missed` (a hook that interrupted itself). Exact.', attributes: ['program', 'reason'] }
export const hooks: MetricDeclaration = { name: 'kernel_hooks', kind: 'gauge', unit: '', description: 'Hooks of the kernel that are attached, and those this kernel does not have', attributes: ['state'] }
export const unknownRecords: MetricDeclaration = { name: 'kernel_unknown_records', kind: 'counter', unit: '', description: 'Records of a type or size that this build does not know: a bug' }
export const identityLookups: MetricDeclaration = { name: 'identity_lookups', kind: 'counter', unit: '', description: 'Questions for a cgroup by its id: `hit`, `after_removal` (known though gone), `miss`', attributes: ['result'] }
export const identityEntries: MetricDeclaration = { name: 'identity_entries', kind: 'gauge', unit: '', description: 'Cgroups, processes and network namespaces that are known', attributes: ['kind'] }
export const identityEvictions: MetricDeclaration = { name: 'identity_evictions', kind: 'counter', unit: '', description: 'Cgroups forgotten before their time because there were too many: `live` or `removed`', attributes: ['state'] }
export const rawStored: MetricDeclaration = { name: 'raw_stored', kind: 'counter', unit: 'records', description: 'Raw records written to the raw store' }
export const rawWritten: MetricDeclaration = { name: 'raw_written', kind: 'counter', unit: 'bytes', description: 'Bytes written to the raw store, as compressed' }
export const rawDropped: MetricDeclaration = { name: 'raw_dropped', kind: 'counter', unit: 'records', description: 'Raw records not kept: `sampled`, `buffer_full` (the disk was too slow), `write_failed`, `too_large`, `closed`. Their events went on.', attributes: ['reason'] }
