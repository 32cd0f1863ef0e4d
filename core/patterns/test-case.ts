/** A case of a pattern's `tests`, as written. */
import type { Span } from '../config/tree.js'
import type { Layer, Role } from '../correlation/symptom.js'

export interface TestSymptom {
  readonly sign: string
  readonly entity: string
  readonly message?: readonly string[]
  readonly detail?: unknown
  readonly ago?: number
  readonly for?: number
  readonly count?: number
  readonly severity?: number
  readonly role?: Role
  readonly layer?: Layer
}

export interface TestCall { readonly caller: string, readonly callee: string, readonly calls?: number, readonly errors?: number }

export interface TestExpectation {
  readonly subject?: string
  readonly subjects?: readonly string[]
  readonly score?: { readonly min?: number, readonly max?: number }
  readonly title?: string
  readonly why?: string
  readonly command?: readonly string[]
  readonly reason?: readonly string[]
  readonly since?: number
}

export interface TestCase {
  readonly name: string
  /** Those of `use` first. */
  readonly objects: readonly unknown[]
  readonly change?: ReadonlyMap<string, unknown>
  readonly symptoms?: readonly TestSymptom[]
  readonly calls?: readonly TestCall[]
  readonly now?: string
  readonly expect: TestExpectation | 'none'
  readonly at: Span
}
