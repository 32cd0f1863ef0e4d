/** How well two symptoms fit in time, and what that leaves of a rule's `base`. */
import type { Symptom } from './symptom.js'

export interface Nearness {
  /** Effect's onset - cause's first time. */
  readonly lagMs: number
  /** 0 to 1. */
  readonly factor: number
}

/** Clocks and Kubernetes' times in whole seconds differ by this at least. */
const leastSkewMs = 1000
/** What is left for an effect whose cause has gone on for long and still does. */
const standing = 0.6
/** A symptom that was there before the cause and only grew a new message after it. */
const renewed = 0.85

/**
 * exp(-lag / window) as in the original's temporal score (3.4), where the lag counts from the cause's last event before the
 * effect: what still goes on is near. Undefined: the effect came first by more than `skewMs`, or too late.
 */
export function nearness (cause: Symptom, effect: Symptom, windowMs: number, skewMs: number): Nearness | undefined {
  const toleratedMs = Math.max(skewMs, leastSkewMs)
  const onsetMs = onsetAfter(effect, cause.firstMs - toleratedMs)
  if (onsetMs === undefined) return undefined
  const lagMs = onsetMs - cause.firstMs
  const quietMs = Math.max(0, onsetMs - cause.lastMs)
  if (quietMs > windowMs) return undefined
  const fresh = onsetMs === effect.firstMs ? 1 : renewed
  if (lagMs < 0) return { lagMs, factor: fresh * Math.exp(lagMs / windowMs) }
  return { lagMs, factor: fresh * Math.exp(-quietMs / windowMs) * Math.max(standing, Math.exp(-(lagMs - quietMs) / (4 * windowMs))) }
}

/** When `symptom` began, or, when that is before `timeMs`, when it first said something new after it. */
function onsetAfter ({ firstMs, evidence }: Symptom, timeMs: number): number | undefined {
  if (firstMs >= timeMs) return firstMs
  return evidence.find(e => e.timeMs >= timeMs)?.timeMs
}

/** The original's structural score (3.4): 1 for neighbours, .75 over one between, .67 over two. */
export function distanceFactor (distance: number): number { return 0.5 + 0.5 / Math.max(1, distance) }
