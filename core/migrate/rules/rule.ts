/** What a line of the translation table is: one component of the Collector and what becomes of it. */
import type { YAMLMap } from 'yaml'
import type { Signal } from '../../component/factory.js'
import type { Entry } from '../document.js'
import type { NoteKind } from '../report.js'

/** A component on its way. Translators change `options` in place and leave notes. */
export interface Part {
  readonly id: string
  readonly type: string
  readonly name: string
  /** Its entry in the section. */
  readonly entry: Entry
  /** What is behind the id, made when there was nothing. */
  readonly options: YAMLMap
  /** Signals of the pipelines that name it. */
  readonly signals: readonly Signal[]
  /** As it was written, as lines of a comment. */
  readonly written: readonly string[]
  /** A note about one option, or about the whole when `path` is empty; said in the report and beside the component. */
  note (kind: NoteKind, path: readonly (string | number)[], message: string, help?: string): void
  /** The options of an extension by its id, for what names one (`auth.authenticator`, `storage`). */
  extension (id: string): { readonly type: string, readonly options: unknown } | undefined
}

/** Why a component cannot stay. */
export interface Dropped { readonly why: string, readonly help?: string }

/**
 * `undefined`: it stays. A list: it is replaced, in the pipelines of the signals named, by processors with these options (none: there is
 * nothing for it to do); `types` may differ from the rule's.
 */
export type Fate = undefined | Dropped | readonly Replacement[]

export interface Replacement {
  readonly type: string
  /** Added to the id when one component becomes several. */
  readonly suffix: string
  readonly options: Readonly<Record<string, unknown>>
  /** The pipelines it stands in; all when undefined. */
  readonly signal?: Signal
}

export interface Rule {
  /** The Tapio component; undefined: there is none. */
  readonly to?: string
  /** For the table in the README and, where there is no counterpart, for the report. */
  readonly text: string
  /** What to do instead. */
  readonly help?: string
  /** Taken out and yet nothing is missing: another part of Tapio does it. */
  readonly kind?: NoteKind
  translate? (part: Part): Fate
}

/** What cannot be said of a component that may stay: each is a note, or all are the reason why it goes. */
export class Problems {
  readonly #list: { readonly path: readonly (string | number)[], readonly text: string, readonly reason: string, readonly help: string }[] = []

  add (path: readonly (string | number)[], text: string, reason: string, help: string): void { this.#list.push({ path, text, reason, help }) }

  note (part: Part): void {
    for (const { path, text, reason, help } of this.#list) part.note('missing', path, `\`${text}\`: ${reason}`, help)
  }

  /** The different reasons, the first three of them. */
  get reasons (): string {
    const all = [...new Set(this.#list.map(p => p.reason))]
    return all.length === 0 ? 'it has none' : `${all.slice(0, 3).join('; ')}${all.length > 3 ? '; …' : ''}`
  }
}

export type Rules = Readonly<Record<string, Rule>>

/** Types that one rule is for, the Collector's older and newer names of one thing. */
export function named (types: readonly string[], rule: Rule): Rules {
  return Object.fromEntries(types.map(type => [type, rule]))
}

/** Components without a counterpart that all get the same advice. */
export function without (types: readonly string[], text: string, help: string): Rules {
  return named(types, { text, help })
}
