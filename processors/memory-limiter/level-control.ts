/**
 * From usage to a level. Shares are of the hard limit; `spike` is what lies between soft and hard.
 *
 *   0            soft-spike   soft-spike/2   soft                       hard-spike/4   hard
 *   |---- none ----|-- shrink --|--- spill ---|--------- shed ---------|--- refuse ------|
 *                                              info, warning, error, critical and above pass
 *
 * `refuse` begins before the limit: what is under way then still needs room. A level holds from the moment its usage is reached, and is
 * left one step down at a time, each after `recoveryMs` with usage clearly below it.
 */
import { Severity } from '../../core/data/enums.js'
import { pressureLevels, type PressureLevel } from '../../core/pressure/pressure.js'

/** Below its beginning by this share of the spike, a level is left. */
const hysteresis = 0.25
/** A heap this full is as bad as memory at the hard limit: V8 collects without end, then gives up and takes the process with it. */
const fullHeap = 0.9
/** What passes in each quarter of `shed`. Rows below are the first to go. */
const floors = [Severity.info, Severity.warning, Severity.error, Severity.critical] as const

export interface Figures {
  /** Of the hard limit. */
  readonly usedShare: number
  /** The fullest heap of all threads, of its own limit. */
  readonly heapShare: number
  /** Everybody waits for memory: one step worse. */
  readonly stalls: boolean
}

export class LevelControl {
  readonly #from: Readonly<Record<PressureLevel, number>>
  readonly #spike: number
  #level: PressureLevel = 'none'
  #sinceMs = -Infinity

  constructor (softShare: number, readonly recoveryMs: number) {
    const spike = 1 - softShare
    this.#spike = spike
    this.#from = { none: 0, shrink: softShare - spike, spill: softShare - spike / 2, shed: softShare, refuse: 1 - spike / 4 }
  }

  get level (): PressureLevel { return this.#level }

  next (figures: Figures, nowMs: number): PressureLevel {
    const used = worst(figures)
    const wanted = Math.min(pressureLevels.length - 1, this.#reached(used) + (figures.stalls ? 1 : 0))
    const current = pressureLevels.indexOf(this.#level)
    if (wanted > current) this.#enter(wanted, nowMs)
    else if (wanted < current && nowMs - this.#sinceMs >= this.recoveryMs && used < this.#from[this.#level] - hysteresis * this.#spike) this.#enter(current - 1, nowMs)
    return this.#level
  }

  /** Severity below which nothing passes; 0 = all passes. */
  floor (figures: Figures): number {
    if (this.#level === 'refuse') return floors[3]
    if (this.#level !== 'shed') return 0
    const { shed, refuse } = this.#from
    const quarter = Math.floor((worst(figures) - shed) / (refuse - shed) * floors.length)
    return floors[Math.max(0, Math.min(floors.length - 1, quarter))] as number
  }

  #enter (level: number, nowMs: number): void {
    this.#level = pressureLevels[level] as PressureLevel
    this.#sinceMs = nowMs
  }

  #reached (used: number): number {
    let level = 0
    while (level + 1 < pressureLevels.length && used >= this.#from[pressureLevels[level + 1] as PressureLevel]) level++
    return level
  }
}

function worst ({ usedShare, heapShare }: Figures): number { return Math.max(usedShare, heapShare / fullHeap) }
