/**
 * Measures for the whole process, by a timer, while it is this limiter's turn: several limiters (one a pipeline and thread) share the
 * pressure of the process, and the first that starts measures. Tells levels as they change.
 */
import { randomInt } from 'node:crypto'
import { pressureLevels, type PressureLevel, type SharedPressure } from '../../core/pressure/pressure.js'
import type { Services } from '../../core/component/services.js'
import type { MemoryLimiterConfig } from './config.js'
import { LevelControl, type Figures } from './level-control.js'
import { limitsOf, type Limits } from './limits.js'
import { memorySourceKey, systemMemory, type MemorySource } from './memory-source.js'
import { hardLimit, heapShare, levelChanges, levelNumber, usedBytes } from './metrics.js'

const mib = 1024 * 1024
/** A measurer that has not been heard of for this many intervals, and at least for seconds, is dead with its thread. */
const staleIntervals = 10
const staleSeconds = 5
/** Between two times of giving back what was freed. */
const trimEveryMs = 2000

export class Measurer {
  readonly #number = randomInt(1, 2 ** 31 - 1)
  readonly #config: MemoryLimiterConfig
  #source: MemorySource | undefined
  #limits: Limits | undefined
  #control: LevelControl | undefined
  #cancel: () => void = () => undefined
  #told: PressureLevel = 'none'
  #trimmedMs = -Infinity

  constructor (readonly services: Services, readonly pressure: SharedPressure) {
    this.#config = services.get('config') as MemoryLimiterConfig
  }

  start (): void {
    this.#source = this.services.get('shared').get(memorySourceKey, () => systemMemory())
    this.#limits = limitsOf(this.#config, this.#source)
    this.#control = new LevelControl(this.#limits.softBytes / this.#limits.hardBytes, this.#config.recovery_interval)
    this.#tick()
  }

  stop (): void {
    this.#cancel()
    this.pressure.release(this.#number)
  }

  #tick (): void {
    const { check_interval: intervalMs } = this.#config
    const clock = this.services.get('clock')
    const nowSeconds = Math.floor(clock.unixMs() / 1000)
    if (this.pressure.claim(this.#number, nowSeconds, Math.max(staleSeconds, intervalMs * staleIntervals / 1000))) this.#measure(nowSeconds)
    this.#cancel = clock.after(intervalMs, () => { this.#tick() })
  }

  #measure (nowSeconds: number): void {
    const [source, limits, control] = [this.#source, this.#limits, this.#control]
    if (source === undefined || limits === undefined || control === undefined) return
    const { retry_after: retryAfterMs, stall_percentage: stall } = this.#config
    const nowMs = this.services.get('clock').monotonicMs()
    if (control.level !== 'none' && nowMs - this.#trimmedMs >= trimEveryMs) {
      source.trim()
      this.#trimmedMs = nowMs
    }
    const used = limits.bounds === 'process' ? source.ownUsedBytes() : source.groupUsedBytes()
    const figures = { usedShare: used / limits.hardBytes, heapShare: this.pressure.fullestHeap(nowSeconds), stalls: stall > 0 && source.stalled() >= stall / 100 }
    const level = control.next(figures, nowMs)
    this.pressure.set(level, retryAfterMs, nowSeconds, control.floor(figures))
    this.#gauges(used, limits, figures, level)
    if (level !== this.#told) this.#tell(level, used, limits, figures)
  }

  #gauges (used: number, limits: Limits, figures: Figures, level: PressureLevel): void {
    const meter = this.services.get('meter')
    meter.gauge(usedBytes).set(used)
    meter.gauge(hardLimit, { kind: 'hard' }).set(limits.hardBytes)
    meter.gauge(hardLimit, { kind: 'soft' }).set(limits.softBytes)
    meter.gauge(heapShare).set(figures.heapShare)
    meter.gauge(levelNumber).set(pressureLevels.indexOf(level))
  }

  #tell (level: PressureLevel, used: number, limits: Limits, { heapShare: heap, stalls }: Figures): void {
    const before = this.#told
    this.#told = level
    const [logger, status] = [this.services.get('logger'), this.services.get('status')]
    this.services.get('meter').counter(levelChanges, { level }).add(1)
    const fields = { pressure: level, before, used_mib: Math.round(used / mib), limit_mib: Math.round(limits.hardBytes / mib), heap_percent: Math.round(heap * 100), stalls, limit_of: limits.bounds === 'process' ? 'the process' : this.#source?.of ?? '' }
    if (pressureLevels.indexOf(level) > pressureLevels.indexOf(before)) logger.warn(`memory is short: ${actions[level]}`, fields)
    else logger.info(`memory is less short: ${actions[level]}`, fields)
    if (level === 'none') status.ok()
    else status.degraded(`${level}: ${fields.used_mib} of ${fields.limit_mib} MiB used, fullest heap ${fields.heap_percent} %: ${actions[level]}`)
  }
}

const actions: Readonly<Record<PressureLevel, string>> = {
  none: 'all is taken again',
  shrink: 'batches are smaller, caches are given back',
  spill: 'queues in memory that have a `spill_directory` go to disk',
  shed: 'only severe rows are taken; others are to come again, or are dropped and counted when nobody has them any more',
  refuse: 'requests are turned away before they are read'
}
