import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const openIncidents: MetricDeclaration = { name: 'incidents_open', kind: 'gauge', unit: '', attributes: ['severity'], description: 'Incidents that are open now, by severity' }
export const documents: MetricDeclaration = { name: 'incident_documents', kind: 'counter', unit: '', attributes: ['status'], description: 'Versions of incidents that were told: `open`, `resolved`' }
export const symptoms: MetricDeclaration = { name: 'symptoms', kind: 'gauge', unit: '', description: 'Symptoms that are held' }
export const links: MetricDeclaration = { name: 'links', kind: 'gauge', unit: '', description: 'Links between symptoms that are held' }
export const bounded: MetricDeclaration = { name: 'correlation_bounded', kind: 'gauge', unit: '', attributes: ['what'], description: 'What a bound kept out since the start: `symptoms` evicted, `sightings` of flooding signs, `links`, rows with `absurd_times`; `findings` of flooding patterns; `subjects` that wait to be asked about now; `failures` of a part, each a bug' }
export const thinking: MetricDeclaration = { name: 'incident_thinking', kind: 'histogram', unit: 'seconds', bounds: [0.0001, 0.001, 0.01, 0.1, 1], description: 'CPU time of one tick: findings, groups, documents' }
export const patterns: MetricDeclaration = { name: 'incident_patterns', kind: 'gauge', unit: '', attributes: ['state'], description: 'Patterns: `loaded`, or `rejected` for faults in their files (the log says where)' }
export const reloads: MetricDeclaration = { name: 'incident_pattern_reloads', kind: 'counter', unit: '', description: 'Times the pattern files had changed and were read again' }

export const restoredIncidents: MetricDeclaration = { name: 'incidents_restored', kind: 'counter', unit: '', description: 'Incidents that were open before and are gone on with: after a start, from the store (`restore_from`), or after a failure.' }

export const metrics: readonly MetricDeclaration[] = [openIncidents, documents, symptoms, links, bounded, thinking, patterns, reloads, restoredIncidents]
