/** The pattern library as the story asks it: loaded at the start, read again when its files change. */
import type { Logger } from '../../core/telemetry/logger.js'
import type { Engine } from '../../core/correlation/engine.js'
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Knowledge } from '../../core/incidents/findings.js'
import { defaultLimits, evaluate, Report } from '../../core/patterns/evaluate.js'
import type { Finding } from '../../core/patterns/finding.js'
import { defaultPatternDir, PatternLibrary } from '../../core/patterns/library.js'

export class Knowing implements Knowledge {
  #library = PatternLibrary.empty
  readonly #told = new Set<string>()

  constructor (readonly patterns: readonly string[], readonly logger: Logger) {}

  async start (): Promise<void> {
    const { library, faults } = PatternLibrary.load([defaultPatternDir, ...this.patterns])
    this.#library = library
    for (const { severity, code, message, file, line, column } of faults) {
      if (severity === 'error') this.logger.warn('a pattern was rejected', { code, fault: message, at: `${file}:${line}:${column}` })
    }
  }

  async stop (): Promise<void> {}

  evaluate ({ model, symptoms, dependencies }: Engine, subjects: readonly EntityRef[], nowMs: number): readonly Finding[] {
    const report = new Report()
    const found = evaluate(this.#library, { model, symptoms, dependencies, nowMs }, subjects, report, defaultLimits)
    for (const [pattern, { message }] of report.errors) this.#tell(`pattern ${pattern}`, 'an expression of a pattern fails', { pattern, message })
    for (const pattern of report.flooding) this.#tell(`flood ${pattern}`, 'a pattern holds for more objects than it may; it is asked no more at this tick', { pattern })
    return found
  }

  #tell (key: string, message: string, fields: Readonly<Record<string, string>>): void {
    if (this.#told.has(key) || this.#told.size > 1000) return
    this.#told.add(key)
    this.logger.warn(message, fields)
  }
}
