/** `isolation` of every processor that can be done without. */
import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Section } from '../../config/schema.js'
import type { MetricDeclaration } from '../../telemetry/meter.js'

export const isolation = Section({
  enabled: Type.Boolean({ default: true, description: 'Rows pass without this processor when it fails, marked with attribute `tapio.skipped_processors`. Off: a batch it fails with is dropped, and counted.' }),
  timeout: Duration({ default: '10s', description: 'A batch that has not been passed on after so long goes on without it, and what is found later is sent when it is found; a batch that held up the thread for longer counts as a failure. 0 = never.' }),
  max_failures: Type.Integer({ default: 3, minimum: 1, maximum: 1000, description: 'So many failures within `window`, and the processor is taken out and made anew.' }),
  window: Duration({ default: '1m', minimum: '1s', description: 'What failures are counted over. After as long without one the waits begin anew.' }),
  initial_interval: Duration({ default: '1s', minimum: '10ms', description: 'How long it is left out at first.' }),
  max_interval: Duration({ default: '1m', minimum: '10ms', description: 'Most, after repeated failures; each wait is twice the last.' }),
  max_deferred: ByteSize({ default: '16MiB', description: 'Of processors that learn from what they see: bytes of batches that passed while it was out and are shown to it when it is back. 0 = none.' })
}, { description: 'What keeps its failures from the rows.' })

export type IsolationConfig = Static<typeof isolation>

export const isolatedNow: MetricDeclaration = { name: 'recovery_isolated', kind: 'gauge', unit: '', description: '1 while the processor is left out because it failed, else 0.' }
export const failures: MetricDeclaration = { name: 'recovery_failures', kind: 'counter', unit: '', attributes: ['kind'], description: 'Failures of the processor: `throw` with a batch, `late` (passed on without it after the timeout), `slow` (held up the thread), `part` (in what it does between batches), `start` (could not be made anew).' }
export const restarts: MetricDeclaration = { name: 'recovery_restarts', kind: 'counter', unit: '', description: 'How often the processor was made anew after failures.' }
export const skipped: MetricDeclaration = { name: 'recovery_skipped', kind: 'counter', unit: 'events', description: 'Rows that passed without the processor, marked.' }
export const deferredLater: MetricDeclaration = { name: 'recovery_deferred', kind: 'counter', unit: 'events', attributes: ['fate'], description: 'Rows that passed without it: `done` later, or `forgotten` because there was no room to keep them.' }
export const isolationMetrics: readonly MetricDeclaration[] = [isolatedNow, failures, restarts, skipped, deferredLater]
