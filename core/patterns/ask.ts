/** One pattern asked about one subject: the names it has bound, and what it has found. */
import type { Symptom } from '../correlation/symptom.js'
import type { Answer, Condition } from './condition.js'
import { errorText, type Expression } from './expression.js'
import type { Scope } from './scope.js'
import { viewOf, type SymptomView } from './symptom-view.js'

type Context = Record<string, unknown>

export class Ask {
  #context: Context | undefined
  #symptoms: Set<Symptom> | undefined
  #answers: Map<Condition, Answer> | undefined

  /** Most questions end at the first condition, hence nothing is made before it is needed. */
  constructor (readonly scope: Scope, readonly names: readonly string[], readonly onError: (message: string) => void, readonly parent?: Ask) {}

  /** Variables of expressions: the scope's, then what is bound. What no condition has bound is null. */
  get context (): Context { return this.#context ??= this.#makeContext() }

  #makeContext (): Context {
    const context = Object.create(this.parent?.context ?? this.scope.context) as Context
    for (const name of this.names) context[name] = null
    return context
  }

  /** Of conditions that held. */
  get symptoms (): ReadonlySet<Symptom> { return this.#symptoms ?? this.parent?.symptoms ?? none }

  /** What a condition that held had said. */
  answerOf (condition: Condition): Answer | undefined { return this.#answers?.get(condition) ?? this.parent?.answerOf(condition) }

  note (condition: Condition, answer: Answer): void {
    this.#answers ??= new Map()
    this.#answers.set(condition, answer)
    if (answer.symptoms === undefined || answer.symptoms.length === 0) return
    this.#symptoms ??= new Set(this.parent?.symptoms)
    for (const symptom of answer.symptoms) this.#symptoms.add(symptom)
  }

  /** The same with names of its own: what is bound in it is not seen here. */
  child (): Ask { return new Ask(this.scope, [], this.onError, this) }

  bind (name: string, value: unknown): void { this.context[name] = value }

  /** Computed when an expression asks for it, once. */
  bindLazy (name: string, expression: Expression): void {
    const { context } = this
    Object.defineProperty(context, name, {
      configurable: true,
      get: (): unknown => {
        const value = this.value(expression) ?? null
        Object.defineProperty(context, name, { value, configurable: true })
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

const none: ReadonlySet<Symptom> = new Set()
