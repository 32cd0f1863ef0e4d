/** Ids that are the same whenever the same thing is read again: a copy that comes after a restart can be recognised. */
import { createHash } from 'node:crypto'

export function eventId (...parts: readonly (string | number | bigint)[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}

/**
 * Of a fact about one run of a unit, the `time`-th time it happens: the same whichever of bus and journal tells it. Undefined without a run,
 * as other facts would have the same.
 */
export function factId (unit: string, invocation: string, fact: string, time: number): string | undefined {
  return invocation === '' ? undefined : eventId('fact', unit, invocation, fact, time)
}
