import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const scoredSymptoms: MetricDeclaration = { name: 'impact_scored', kind: 'counter', unit: 'symptoms', description: 'Symptoms that were given a score: new ones, and those that changed' }
export const waitingSymptoms: MetricDeclaration = { name: 'impact_waiting', kind: 'gauge', unit: 'symptoms', description: 'Symptoms with a preliminary score: more places came up at once than are looked at in a tick' }
export const burningSlos: MetricDeclaration = { name: 'slo_burning', kind: 'gauge', unit: '', description: 'Objectives whose error budget burns too fast' }
export const lateRequests: MetricDeclaration = { name: 'slo_late_requests', kind: 'counter', unit: '', description: 'Requests that were not counted: hours late, or with an absurd time' }
