/** `circuit_breaker` of every exporter. */
import { Type, type Static } from '@sinclair/typebox'
import { Duration, Section } from '../../config/schema.js'
import type { MetricDeclaration } from '../../telemetry/meter.js'
import type { BreakerRules } from './circuit-breaker.js'

export const circuitBreaker = Section({
  enabled: Type.Boolean({ default: false, description: 'Stop sending for a while when the other side fails: senders are asked to come again at once instead of after a timeout each.' }),
  failure_rate: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Share of batches within `window` that must fail to open it.' }),
  minimum_calls: Type.Integer({ default: 20, minimum: 1, description: 'Batches within `window` before a rate means anything.' }),
  window: Duration({ default: '10s', minimum: '100ms', description: 'What rates are counted over.' }),
  consecutive_failures: Type.Integer({ default: 5, minimum: 0, description: 'Failures in a row that open it, however few batches there were; 0 = never.' }),
  slow_call: Duration({ default: '0', description: 'A batch that takes longer is slow; 0 = none is.' }),
  slow_call_rate: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Share of slow batches within `window` that opens it.' }),
  open: Duration({ default: '30s', minimum: '10ms', description: 'How long it stays open before a few batches try again.' }),
  half_open_calls: Type.Integer({ default: 3, minimum: 1, maximum: 1000, description: 'Batches that try, and must all succeed to close it.' })
}, { description: 'What keeps a dead backend from being asked again and again.' })

export type CircuitBreakerConfig = Static<typeof circuitBreaker>

export function rulesOf (config: CircuitBreakerConfig): BreakerRules {
  return {
    windowMs: config.window, minCalls: config.minimum_calls, failureRate: config.failure_rate, consecutiveFailures: config.consecutive_failures,
    slowCallMs: config.slow_call, slowCallRate: config.slow_call_rate, openMs: config.open, probes: config.half_open_calls
  }
}

export const breakerState: MetricDeclaration = { name: 'circuit_breaker_state', kind: 'gauge', unit: '', description: 'Of the exporter\'s circuit breaker: 0 closed, 1 half-open, 2 open.' }
export const breakerChanges: MetricDeclaration = { name: 'circuit_breaker_changes', kind: 'counter', unit: '', attributes: ['to'], description: 'Changes of the circuit breaker\'s state.' }
export const breakerTurnedAway: MetricDeclaration = { name: 'circuit_breaker_turned_away', kind: 'counter', unit: 'events', description: 'Rows that were to come again because the circuit breaker was open.' }
export const breakerMetrics: readonly MetricDeclaration[] = [breakerState, breakerChanges, breakerTurnedAway]
