/** At ticks: judges the book, and makes a burning budget a symptom of its Service. */
import type { Engine } from '../../correlation/engine.js'
import type { Symptom } from '../../correlation/symptom.js'
import { Severity } from '../../data/enums.js'
import { formatDuration } from '../../config/units.js'
import type { SloBook, Standing } from './book.js'

export const burnSign = 'app.slo_burn'

/** Event time between two judgements: the width of a bucket. */
const judgeEveryMs = 10_000

export class SloWatch {
  #nextMs = -Infinity
  /** Bad requests that were told, by service and objective. */
  readonly #told = new Map<string, number>()

  constructor (readonly engine: Engine, readonly book: SloBook) {}

  /** Symptoms that were seen. */
  tick (nowMs: number, isLast: boolean): Symptom[] {
    if (nowMs < this.#nextMs && !isLast) return []
    this.#nextMs = (Math.floor(nowMs / judgeEveryMs) + 1) * judgeEveryMs
    return this.book.judge(nowMs).map(standing => this.#see(standing, nowMs)).filter(symptom => symptom !== undefined)
  }

  #see ({ entity, objective, target, burn }: Standing, nowMs: number): Symptom | undefined {
    const key = `${entity.namespace ?? ''}/${entity.name}/${objective}`
    if (burn === undefined) { this.#told.delete(key); return undefined }
    const news = burn.bad - (this.#told.get(key) ?? 0)
    this.#told.set(key, burn.bad)
    const observed = `${percent(burn.observed)} of requests ${objective === 'availability' ? 'served' : 'fast enough'} in ${formatDuration(burn.windowMs)}, ${percent(target)} promised`
    return this.engine.symptoms.see({
      sign: burnSign, layer: 'app', role: 'trouble', entity, detail: { objective }, severity: burn.pace === 'fast' ? Severity.error : Severity.warning, timeMs: nowMs,
      confidence: 1, count: Math.max(1, news),
      evidence: { eventId: '', source: 'tapio', name: burnSign, message: `${observed}: the error budget burns ${burn.rate.toFixed(1)} times too fast` }
    })
  }
}

/** Always as many digits, so that messages differ in numbers only and are one piece of evidence. */
function percent (share: number): string { return `${(share * 100).toFixed(3)}%` }
