/** Whether errors grow: retries multiply load, and load what fails. */
import type { Symptom } from '../correlation/symptom.js'
import { clamp } from './cascade-risk.js'
import { isRepeating } from './effects.js'

/**
 * 0 to 1: of the symptoms that are of the repeating sort (errors, refused connections, retries), the busiest: 1 at 10 events a second
 * and beyond, a tenth of it at 1 in 10 s (a logarithmic scale: a decade of rate is half the scale).
 */
export function growthOf (symptoms: Iterable<Symptom>): number {
  let most = 0
  for (const { sign, role, count, firstMs, lastMs } of symptoms) {
    if (role !== 'trouble' || count < 3 || !isRepeating(sign)) continue
    const perSecond = count / Math.max(1, (lastMs - firstMs) / 1000)
    most = Math.max(most, clamp((Math.log10(perSecond) + 1) / 2))
  }
  return most
}
