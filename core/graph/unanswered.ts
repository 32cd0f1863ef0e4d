/** Why a component of a running graph gave no answer to a question. */
import type { Question } from '../component/questions.js'

/**
 * `unknown`: no component of this name answers the question. `gone`: it does not run now; later it may. `late`: no answer in time.
 * `busy`: too many questions wait. `failed`: it tried, and the words are its own. `cancelled`: the asker went away.
 */
export type UnansweredWhy = 'unknown' | 'gone' | 'late' | 'busy' | 'failed' | 'cancelled'

export class Unanswered extends Error {
  override readonly name = 'Unanswered'

  /** `detail` completes the sentence that begins with the component. */
  constructor (readonly component: string, readonly question: Question, readonly why: UnansweredWhy, readonly detail: string) {
    super(`${component} ${detail}`)
  }
}

/** An answer, or why there is none: what crosses threads. */
export type Answered =
  | { readonly ok: true, readonly answer: unknown }
  | { readonly ok: false, readonly why: UnansweredWhy, readonly detail: string }
