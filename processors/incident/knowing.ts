/** The pattern library as the story asks it: loaded at the start, read again when its files change. */
import type { Clock } from '../../core/component/clock.js'
import type { Fault } from '../../core/config/faults.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Engine } from '../../core/correlation/engine.js'
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Answer, Knowledge } from '../../core/incidents/findings.js'
import { defaultLimits, evaluate, Report } from '../../core/patterns/evaluate.js'
import { defaultPatternDir, PatternLibrary } from '../../core/patterns/library.js'
import { LivePatterns } from '../../core/patterns/live.js'
import { subjectsOf } from '../../core/patterns/subjects.js'

export interface KnowingOptions {
  /** Beside those that come with Tapio. */
  readonly paths: readonly string[]
  readonly clock: Clock
  readonly logger: Logger
  /** Between two looks at the files; 0: never. */
  readonly reloadMs: number
  /** After each load. */
  readonly onLoad: (loaded: Loaded) => void
}

export interface Loaded {
  readonly patterns: number
  readonly rejected: number
  readonly isFirst: boolean
}

/** Said once each; a user with more bad patterns reads on with `tapio test`. */
const maxTold = 1000

export class Knowing implements Knowledge {
  #live: LivePatterns | undefined
  readonly #told = new Set<string>()
  #faults: readonly Fault[] = []
  version = 0

  constructor (readonly options: KnowingOptions) {}

  start (): void {
    const { paths, clock, reloadMs } = this.options
    this.#live = new LivePatterns({ paths: [defaultPatternDir, ...paths], clock, intervalMs: reloadMs, onLoad: faults => { this.#faults = faults; if (this.#live !== undefined) this.#loaded(false) } })
    this.#loaded(true)
  }

  stop (): void { this.#live?.close() }

  evaluate ({ model, symptoms, dependencies }: Engine, subjects: readonly EntityRef[], nowMs: number): Answer {
    const report = new Report()
    const findings = evaluate(this.#library, { model, symptoms, dependencies, nowMs }, subjects, report, defaultLimits)
    for (const [pattern, { message }] of report.errors) this.#tell(`pattern ${pattern}`, 'an expression of a pattern fails', { pattern, message })
    for (const pattern of report.flooding) this.#tell(`flood ${pattern}`, 'a pattern holds for more objects than it may; it is asked no more at this tick', { pattern })
    return { findings, left: report.left }
  }

  subjects ({ model, symptoms, dependencies, nowMs }: Engine): Iterable<EntityRef> {
    return subjectsOf({ model, symptoms, dependencies, nowMs }, this.#library.kinds())
  }

  get #library (): PatternLibrary { return this.#live?.library ?? PatternLibrary.empty }

  #loaded (isFirst: boolean): void {
    if (!isFirst) this.version++
    this.#told.clear()
    const errors = this.#faults.filter(f => f.severity === 'error')
    for (const { code, message, file, line, column } of errors) this.#tell(`${file}:${line}:${column} ${code}`, 'a pattern was rejected', { code, fault: message, at: `${file}:${line}:${column}` })
    const patterns = this.#library.patterns.length
    if (!isFirst) this.options.logger.info('the patterns have changed and were read again', { patterns, rejected: errors.length })
    this.options.onLoad({ patterns, rejected: errors.length, isFirst })
  }

  #tell (key: string, message: string, fields: Readonly<Record<string, string>>): void {
    if (this.#told.has(key) || this.#told.size > maxTold) return
    this.#told.add(key)
    this.options.logger.warn(message, fields)
  }
}
