/** How a scenario is made harder. */
import type { Variation } from './generate.js'

const base = { noise: 1, skewMs: 0 }

export const variations: readonly Variation[] = [
  { ...base, name: 'plain' },
  { ...base, name: 'noise x10', noise: 10 },
  { ...base, name: 'noise x100', noise: 100, sample: 6 },
  { ...base, name: 'clock skew', skewMs: 3000 },
  { ...base, name: 'no kernel', without: 'kernel' },
  { ...base, name: 'no network', without: 'net' },
  { ...base, name: 'no application', without: 'app' },
  { ...base, name: 'duplicates', doubled: 0.3 },
  { ...base, name: 'two faults', isDouble: true },
  { ...base, name: 'restart', isRestarted: true }
]
