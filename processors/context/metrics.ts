import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const signsSeen: MetricDeclaration = { name: 'context_symptom_events', kind: 'counter', unit: '', description: 'Rows that were a sign of something, by layer', attributes: ['layer'] }
export const symptomsHeld: MetricDeclaration = { name: 'context_symptoms', kind: 'gauge', unit: '', description: 'Symptoms that are held' }
export const symptomsRefused: MetricDeclaration = { name: 'context_symptoms_refused', kind: 'counter', unit: '', description: 'Rows whose symptom had no room, because there were too many of its sign' }
export const waitingHeld: MetricDeclaration = { name: 'context_waiting_identities', kind: 'gauge', unit: '', description: 'Containers, pods and addresses with symptoms that nobody knows yet' }
export const objectsFed: MetricDeclaration = { name: 'context_objects', kind: 'counter', unit: '', description: 'Objects taken into the cluster model: `fed`, or `malformed`', attributes: ['outcome'] }
export const absurdTimes: MetricDeclaration = { name: 'context_absurd_times', kind: 'counter', unit: '', description: 'Rows whose time was so far ahead that it was not believed' }
