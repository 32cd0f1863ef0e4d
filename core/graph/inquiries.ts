/** Questions to the components of a running graph: who answers what, how long one waits, and how many may wait. */
import type { Answer, Question, Questions } from '../component/questions.js'
import type { ThreadHandle } from '../threads/thread-handle.js'
import type { FindFactory, Plan } from './plan.js'
import { answering, threadOf } from './thread-of.js'
import { Unanswered, type Answered } from './unanswered.js'

export interface InquiriesOptions {
  plan(): Plan
  /** Undefined until the graph is built. */
  find(): FindFactory | undefined
  thread(name: string): ThreadHandle | undefined
  readonly timeoutMs: number
}

/** One more is turned away: answers take memory, and nobody should wait behind so many. */
const maxWaiting = 256

export class Inquiries {
  #waiting = 0

  constructor (readonly options: InquiriesOptions) {}

  /** Empty until the graph is built. */
  answering (question: Question): readonly string[] {
    const find = this.options.find()
    return find === undefined ? [] : answering(this.options.plan(), find, question)
  }

  async ask<Q extends Question> (component: string, question: Q, argument: Questions[Q]['argument'], signal?: AbortSignal): Promise<Answer<Q>> {
    const thread = this.#threadOf(component, question)
    if (this.#waiting >= maxWaiting) throw new Unanswered(component, question, 'busy', `was not asked ${question}: ${maxWaiting} questions wait for an answer already`)
    this.#waiting++
    try {
      const answered = await this.#within(question, stop => thread.ask({ component, question, argument }, stop), signal)
      if (!answered.ok) throw new Unanswered(component, question, answered.why, answered.detail)
      return answered.answer as Answer<Q>
    } finally {
      this.#waiting--
    }
  }

  #threadOf (component: string, question: Question): ThreadHandle {
    const able = this.answering(question)
    const thread = this.options.thread(threadOf(this.options.plan(), component) ?? '')
    if (able.includes(component) && thread !== undefined) return thread
    if (this.options.find() === undefined) throw new Unanswered(component, question, 'gone', 'does not run yet')
    throw new Unanswered(component, question, 'unknown', `does not answer ${question}; ${able.length === 0 ? 'no component of this graph does' : `${able.join(', ')} would`}`)
  }

  /** `begin` is told by its signal when nobody waits any more. */
  async #within (question: Question, begin: (stop: AbortSignal) => Promise<Answered>, signal: AbortSignal | undefined): Promise<Answered> {
    const { timeoutMs } = this.options
    const stop = new AbortController()
    let onAbort: () => void = () => undefined
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<Answered>(resolve => {
      timer = setTimeout(() => resolve({ ok: false, why: 'late', detail: `gave no answer to ${question} within ${timeoutMs / 1000} s` }), timeoutMs)
      onAbort = () => resolve({ ok: false, why: 'cancelled', detail: `is not waited for any more: ${question} was called off` })
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted === true) onAbort()
    })
    try {
      return await Promise.race([begin(stop.signal), over])
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      stop.abort()
    }
  }
}
