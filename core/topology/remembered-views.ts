/** Answers to the same question within a short while are one answer: many look at a page at a time, and the work is a pipeline thread's. */
import type { Clock } from '../component/clock.js'
import type { TopologyAnswer, TopologyQuestion } from '../component/questions.js'

/** An answer is good for this many times what it took: so one question, asked again and again, takes a twentieth of a thread at most. */
const costShare = 20
const maxAgeMs = 5000
const maxRemembered = 16

export class RememberedViews {
  readonly #answers = new Map<string, { readonly answer: TopologyAnswer, readonly untilMs: number }>()

  constructor (readonly clock: Clock, readonly view: (question: TopologyQuestion) => TopologyAnswer) {}

  answer (question: TopologyQuestion): TopologyAnswer {
    const key = JSON.stringify(question)
    const known = this.#answers.get(key)
    const startedMs = this.clock.monotonicMs()
    if (known !== undefined && known.untilMs > startedMs) return known.answer
    const answer = this.view(question)
    const endedMs = this.clock.monotonicMs()
    this.#answers.delete(key)
    this.#answers.set(key, { answer, untilMs: endedMs + Math.min(maxAgeMs, costShare * (endedMs - startedMs)) })
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > maxRemembered && oldest !== undefined) this.#answers.delete(oldest)
    return answer
  }
}
