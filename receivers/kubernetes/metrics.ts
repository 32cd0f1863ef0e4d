import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const heldObjects: MetricDeclaration = { name: 'kubernetes_objects', kind: 'gauge', unit: '', description: 'Objects that are remembered to compare the next state with', attributes: ['kind'] }
export const objectsNotHeld: MetricDeclaration = { name: 'kubernetes_objects_not_held', kind: 'counter', unit: '', description: 'States of objects that were not compared because `max_objects` was reached', attributes: ['kind'] }
export const malformedObjects: MetricDeclaration = { name: 'kubernetes_malformed', kind: 'counter', unit: '', description: 'Objects of a shape that none of their kind has; they were passed over', attributes: ['kind'] }
export const watchEvents: MetricDeclaration = { name: 'kubernetes_watch', kind: 'counter', unit: '', description: 'What happened to the watches: `list`, `watch`, `expired` (a new list was needed), `broken_off`, `bookmark`, `change`', attributes: ['kind', 'what'] }
export const deniedResources: MetricDeclaration = { name: 'kubernetes_denied', kind: 'gauge', unit: '', description: 'Resources that may not be seen, or that the API server does not have' }
export const queuedEvents: MetricDeclaration = { name: 'kubernetes_queued', kind: 'gauge', unit: 'events', description: 'Events on their way into the pipeline' }
export const rejectedEvents: MetricDeclaration = { name: 'kubernetes_rejected', kind: 'counter', unit: 'events', description: 'Events that the pipeline rejected' }
export const checkpoints: MetricDeclaration = { name: 'kubernetes_checkpoints', kind: 'counter', unit: '', description: 'Checkpoints: `written`, `failed`', attributes: ['outcome'] }
