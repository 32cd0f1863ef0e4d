/** Questions of this thread's components to others: sent, numbered, and waited for. */
import type { AskPeer, PeerQuestion } from '../component/lookup.js'

/** One more is turned away: who asks without waiting must not fill memory. */
const maxWaiting = 64

export class Inquirer {
  readonly #waiting = new Map<number, { resolve(answer: unknown): void, reject(error: Error): void }>()
  #nextId = 0

  constructor (readonly send: (id: number, question: PeerQuestion, argument: unknown) => void) {}

  readonly ask: AskPeer = (question, argument) => {
    if (this.#waiting.size >= maxWaiting) return Promise.reject(new Error(`${maxWaiting} questions wait for an answer already`))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: answer => { resolve(answer as never) }, reject })
      this.send(id, question, argument)
    })
  }

  replied (id: number, ok: boolean, answer: unknown): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (ok) waiting?.resolve(answer)
    else waiting?.reject(new Error(String(answer)))
  }
}
