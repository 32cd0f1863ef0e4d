/**
 * How fast an error budget is used up: burn rate = bad share / (1 - target); at 1 it is used up exactly when the period ends.
 * An alert needs a long and a short window above the same rate: the long one says that it matters, the short one that it goes on.
 * Rates and windows: Google SRE Workbook, "Alerting on SLOs", table 5-8 (2% of 30 days' budget in 1 h, 5% in 6 h).
 */
export interface BurnRule { readonly pace: 'fast' | 'slow', readonly rate: number, readonly longMs: number, readonly shortMs: number }

export const burnRules: readonly BurnRule[] = [
  { pace: 'fast', rate: 14.4, longMs: 3_600_000, shortMs: 300_000 },
  { pace: 'slow', rate: 6, longMs: 21_600_000, shortMs: 1_800_000 }
]

/** Below this many bad requests in the long window a rate is chance: one failed of three is no incident. */
export const minBad = 5

/** 0 when there was nothing. Nine digits: 1 - 0.999 is not quite 0.001, and a rate that is just reached must count. */
export function burnRate (bad: number, all: number, target: number): number { return all <= 0 ? 0 : Math.round(bad / all / (1 - target) * 1e9) / 1e9 }

export interface Burn { readonly pace: BurnRule['pace'], readonly rate: number, readonly observed: number, readonly windowMs: number, readonly bad: number }

/** `within(windowMs)`: bad ones and all of the newest `windowMs`. The fast rule is asked first. A period shorter than a window cuts it. */
export function burnOf (target: number, periodMs: number, within: (windowMs: number) => { readonly bad: number, readonly all: number }): Burn | undefined {
  for (const { pace, rate, longMs, shortMs } of burnRules) {
    const windowMs = Math.min(longMs, periodMs)
    const long = within(windowMs)
    if (long.bad < minBad || burnRate(long.bad, long.all, target) < rate) continue
    const short = within(Math.min(shortMs, periodMs))
    if (burnRate(short.bad, short.all, target) < rate) continue
    return { pace, rate: burnRate(long.bad, long.all, target), observed: 1 - long.bad / long.all, windowMs, bad: long.bad }
  }
  return undefined
}
