/**
 * Sends links on as rows: right behind the batch that made them, or by themselves when no batch comes (the engine also thinks when
 * rows stay out). They are batches of their own, so that telemetry that nobody has read goes on unread.
 */
import type { DropRemedies } from '../component/remedy.js'
import type { Clock } from '../component/clock.js'
import type { Consumer } from '../component/component.js'
import type { Outcome } from '../component/outcome.js'
import type { Drops } from '../component/services.js'
import { linkBatch, type ToldLink } from './link-rows.js'

export const linkDrops = { links_unsent: 'a link could not be sent on: what follows takes nothing, and too many wait' } as const
export const linkRemedies: DropRemedies = { links_unsent: { options: [], action: 'See what follows in `tapio status` and `tapio graph --live`: it takes nothing. The events themselves were passed on; explanations lack these links.' } }

const maxWaiting = 10_000
const idleMs = 200

export class LinkOutlet {
  #waiting: ToldLink[] = []
  #cancel: (() => void) | undefined
  #isClosed = false

  constructor (readonly source: string, readonly next: Consumer, readonly clock: Clock, readonly drops: Drops) {}

  get waiting (): number { return this.#waiting.length }

  add (told: ToldLink): void {
    this.#hold([told])
    if (!this.#isClosed) this.#cancel ??= this.clock.after(idleMs, () => { this.#cancel = undefined; void this.flush() })
  }

  async flush (): Promise<void> {
    if (this.#waiting.length === 0) return
    const sent = this.#waiting
    this.#waiting = []
    const { status } = await this.next.consume(linkBatch(sent, this.source))
    if (status === 'retry' || status === 'refused') this.#hold(sent)
  }

  /** Sends `outcome` back to whoever gave the batch; its links follow it. */
  after (outcome: Outcome | Promise<Outcome>): Outcome | Promise<Outcome> {
    if (this.#waiting.length === 0) return outcome
    return outcome instanceof Promise ? outcome.then(o => this.#following(o)) : this.#following(outcome)
  }

  async close (): Promise<void> {
    this.#isClosed = true
    this.#cancel?.()
    this.#cancel = undefined
    await this.flush()
    if (this.#waiting.length > 0) this.drops.add('links_unsent', this.#waiting.splice(0).length)
  }

  async #following (outcome: Outcome): Promise<Outcome> {
    if (outcome.status !== 'retry' && outcome.status !== 'refused') await this.flush()
    return outcome
  }

  #hold (told: readonly ToldLink[]): void {
    this.#waiting.push(...told)
    const over = this.#waiting.length - maxWaiting
    if (over > 0) { this.#waiting.splice(0, over); this.drops.add('links_unsent', over) }
  }
}
