import type { Clock } from '../../core/component/clock.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Gate } from './gate.js'
import type { Intake } from './intake.js'
import type { ReceiverMetrics } from './metrics.js'

/** What the gRPC and the HTTP listener are both given; `C` is the protocol's own part of the config. */
export interface ListenerOptions<C> {
  readonly config: C
  readonly readTimeoutMs: number
  readonly retryAfterMs: number
  readonly gate: Gate
  readonly intake: Intake
  readonly metrics: ReceiverMetrics
  readonly clock: Clock
  readonly logger: Logger
}
