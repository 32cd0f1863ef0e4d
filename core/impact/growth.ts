/** Whether errors grow: retries multiply load, and load what fails. */
import type { Symptom } from '../correlation/symptom.js'
import { clamp } from './cascade-risk.js'

const repeating = /(?:^|[._])(?:retr(?:y|ies|ansmit|ansmits)|timeout|refused|reset|error|errors|unavailable|back_?off|burn)(?:$|[._])/

/**
 * 0 to 1: of the symptoms that are of the repeating sort (errors, refused connections, retries), the busiest: 1 at 10 events a second
 * and beyond, a tenth of it at 1 in 10 s (a logarithmic scale: a decade of rate is half the scale).
 */
export function growthOf (symptoms: Iterable<Symptom>): number {
  let most = 0
  for (const { sign, role, count, firstMs, lastMs } of symptoms) {
    if (role !== 'trouble' || count < 3 || !repeating.test(sign)) continue
    const perSecond = count / Math.max(1, (lastMs - firstMs) / 1000)
    most = Math.max(most, clamp((Math.log10(perSecond) + 1) / 2))
  }
  return most
}
