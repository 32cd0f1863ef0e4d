/**
 * One component, several layers that speak of its state (an exporter, its circuit breaker, its queue): the worst of what they say is
 * told. So a queue that works again does not say `ok` for an exporter that still fails.
 */
import type { StatusReporter } from '../component/status.js'

const levels = ['ok', 'degraded', 'recoverableError', 'permanentError'] as const

interface Word { level: number, reason: string }

export class Voices {
  readonly #words: Word[] = []

  constructor (readonly status: StatusReporter) {}

  /** For one layer. What has said nothing counts for nothing. */
  voice (): StatusReporter {
    const word: Word = { level: -1, reason: '' }
    this.#words.push(word)
    const say = (level: number, reason: string): void => {
      word.level = level
      word.reason = reason
      this.#tell()
    }
    return {
      ok: () => say(0, ''),
      degraded: reason => say(1, reason),
      recoverableError: reason => say(2, reason),
      permanentError: reason => say(3, reason)
    }
  }

  #tell (): void {
    const worst = Math.max(...this.#words.map(w => w.level))
    const level = levels[worst] ?? 'ok'
    if (level === 'ok') this.status.ok()
    else this.status[level](this.#words.filter(w => w.level === worst).map(w => w.reason).join('; '))
  }
}
