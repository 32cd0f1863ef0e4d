/** The health board as messages. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ComponentState } from '../../component/status.js'
import type { ComponentHealth, HealthSnapshot } from '../../telemetry/health.js'
import type { HealthCheckResponseSchema } from '../gen/tapio/v1/runtime_pb.js'
import { timestampOf } from './time.js'

/** `withComponents`: also which components there are and what is wrong with them. */
export function healthMessage ({ live, ready, graph, components }: HealthSnapshot, withComponents: boolean): MessageInitShape<typeof HealthCheckResponseSchema> {
  return {
    status: ready ? 'serving' : 'not_serving', live, ready, graph,
    components: withComponents ? components.map(({ component, state, reason, since }) => ({ component, state, reason, since: timestampOf(Date.parse(since)) })) : []
  }
}

/** Worst first. */
const ranks: readonly ComponentState[] = ['permanent_error', 'recoverable_error', 'degraded', 'created', 'starting', 'stopping', 'stopped', 'ok']

/** How a component is: the worst of its copies, which the board knows as `processor/batch@process-0`. Empty when it knows none. */
export function stateOf ({ components }: HealthSnapshot, name: string): { readonly state: string, readonly reason: string } {
  let worst: ComponentHealth | undefined
  for (const one of components) {
    if (one.component !== name && !one.component.startsWith(`${name}@`)) continue
    if (worst === undefined || ranks.indexOf(one.state) < ranks.indexOf(worst.state)) worst = one
  }
  return { state: worst?.state ?? '', reason: worst?.reason ?? '' }
}
