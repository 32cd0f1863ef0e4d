import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const entries: MetricDeclaration = { name: 'journal_entries', kind: 'counter', unit: '', description: 'Entries read from the journal' }
export const badEntries: MetricDeclaration = { name: 'journal_bad_entries', kind: 'counter', unit: '', description: 'Entries that were skipped: `too_large` or `malformed`', attributes: ['reason'] }
export const missedEntries: MetricDeclaration = { name: 'journal_missed_entries', kind: 'counter', unit: '', description: 'Entries that were removed from the journal before they were read, where their number is known.' }
export const gaps: MetricDeclaration = { name: 'journal_gaps', kind: 'counter', unit: '', description: 'How often entries behind the saved position were not there any more.' }
export const readers: MetricDeclaration = { name: 'journal_reader_starts', kind: 'counter', unit: '', description: 'How often `journalctl` was started; more than once is its failing' }
export const signals: MetricDeclaration = { name: 'bus_signals', kind: 'counter', unit: '', description: 'Signals of systemd that came over the bus' }
export const busConnections: MetricDeclaration = { name: 'bus_connections', kind: 'counter', unit: '', description: 'How often the bus was connected to' }
export const trackedUnits: MetricDeclaration = { name: 'tracked_units', kind: 'gauge', unit: '', description: 'Units whose state is known' }
export const rejectedEvents: MetricDeclaration = { name: 'rejected', kind: 'counter', unit: 'events', description: 'Events that the pipeline rejected' }
