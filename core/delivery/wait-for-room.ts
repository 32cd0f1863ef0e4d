import type { Clock } from '../component/clock.js'
import { wait } from './insist.js'
import type { Pressure } from '../pressure/pressure.js'

/** Nothing tells when memory is there again: it is looked at this often. */
const lookEveryMs = 200

/**
 * Resolves when requests are taken again (no longer `refuse`), at once when they are; false: `signal` aborted first. For whoever cannot
 * turn its sender away, but can leave what it sends unread.
 */
export async function waitForRoom (pressure: Pressure, clock: Clock, signal: AbortSignal): Promise<boolean> {
  while (pressure.atLeast('refuse')) if (!await wait(lookEveryMs, clock, signal)) return false
  return !signal.aborted
}
