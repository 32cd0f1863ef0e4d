/** Which plain entries pass: `journal.priority`, `units` and `matches`, all of them. */
import { priorities, type SystemdConfig } from './config.js'
import { Globs } from './globs.js'
import type { JournalEntry } from './journal-entry.js'
import { unitOf } from './unit-of.js'

export class EntryFilter {
  readonly #priority: number
  readonly #units: Globs | undefined
  readonly #matches: readonly (readonly (readonly [string, string])[])[]

  constructor ({ priority, units, matches }: SystemdConfig['journal']) {
    this.#priority = priorities.indexOf(priority)
    this.#units = units.length === 0 ? undefined : new Globs(units)
    this.#matches = matches.map(match => Object.entries(match))
  }

  passes (entry: JournalEntry): boolean {
    if (entry.priority > this.#priority) return false
    if (this.#units !== undefined && !this.#units.fit(unitOf(entry.fields))) return false
    return this.#matches.length === 0 || this.#matches.some(match => match.every(([key, value]) => entry.fields[key] === value))
  }
}
