/** One pattern asked about one subject: the names it has bound, and what it has found. */
import type { Symptom } from '../correlation/symptom.js'
import type { Answer, Condition } from './condition.js'
import { errorText, type Expression } from './expression.js'
import type { Scope } from './scope.js'
import { viewOf, type SymptomView } from './symptom-view.js'

export class Ask {
  /** Of conditions that held. */
  readonly symptoms = new Set<Symptom>()
  /** Of conditions that held in this ask itself. */
  readonly answers = new Map<Condition, Answer>()
  /** Variables of expressions: the scope's, then what is bound. */
  readonly context: Record<string, unknown>

  constructor (readonly scope: Scope, names: readonly string[], readonly onError: (message: string) => void, readonly parent?: Ask) {
    this.context = Object.create(parent?.context ?? scope.context) as Record<string, unknown>
    if (parent !== undefined) for (const symptom of parent.symptoms) this.symptoms.add(symptom)
    // What no condition has bound is null.
    else for (const name of names) this.bind(name, null)
  }

  answerOf (condition: Condition): Answer | undefined { return this.answers.get(condition) ?? this.parent?.answerOf(condition) }

  /** The same with names of its own: what is bound in it is not seen here. */
  child (): Ask { return new Ask(this.scope, [], this.onError, this) }

  bind (name: string, value: unknown): void { Object.defineProperty(this.context, name, { value, writable: true, configurable: true, enumerable: true }) }

  /** Computed when an expression asks for it, once. */
  bindLazy (name: string, expression: Expression): void {
    Object.defineProperty(this.context, name, {
      configurable: true,
      get: (): unknown => {
        const value = this.value(expression) ?? null
        this.bind(name, value)
        return value
      }
    })
  }

  /** Undefined when it fails. */
  value (expression: Expression, onFailure?: (message: string) => void): unknown {
    try {
      return expression.run(this.context)
    } catch (error) {
      const message = errorText(error)
      this.onError(message)
      onFailure?.(message)
      return undefined
    }
  }

  view (symptom: Symptom): SymptomView { return viewOf(symptom, this.scope.world.nowMs) }
}
