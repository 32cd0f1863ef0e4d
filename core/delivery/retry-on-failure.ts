/** `retry_on_failure` of exporters: the Collector's names and defaults (exporterhelper README). */
import { Type, type Static } from '@sinclair/typebox'
import { Duration, Section } from '../config/schema.js'
import type { RetryPolicy } from './backoff.js'

/** For a component's schema. */
export const retryOnFailure = Section({
  enabled: Type.Boolean({ default: true, description: 'Send again what the other side could not take now. Off: the batch goes back to its sender, which does.' }),
  initial_interval: Duration({ default: '5s', minimum: '1ms', description: 'Wait before the second try. What the other side asks for (`RetryInfo`, `Retry-After`) is the least that is waited.' }),
  max_interval: Duration({ default: '30s', minimum: '1ms', description: 'Longest wait between two tries.' }),
  max_elapsed_time: Duration({ default: '5m', description: 'Give up after this; the rows are then dropped, counted as `retries_exhausted`. 0 = never.' }),
  multiplier: Type.Number({ default: 1.5, minimum: 1, description: 'How much longer each wait is than the last.' }),
  randomization_factor: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Share of a wait that is random, so that many senders do not come back at once.' })
})

export type RetryOnFailure = Static<typeof retryOnFailure>

/** Undefined when retrying is left to others. */
export function retryPolicyOf (config: RetryOnFailure): RetryPolicy | undefined {
  if (!config.enabled) return undefined
  return {
    initialMs: config.initial_interval,
    maxMs: Math.max(config.initial_interval, config.max_interval),
    multiplier: config.multiplier,
    jitter: config.randomization_factor,
    maxElapsedMs: config.max_elapsed_time
  }
}

/** For a component's `drops`. */
export const retryDrops = {
  retries_exhausted: 'The other side could not take these rows for as long as `retry_on_failure.max_elapsed_time` says.'
} as const
