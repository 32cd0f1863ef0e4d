/**
 * Whether something was written, seen from any thread or process: LMDB counts its transactions in the first pages of a file, which are
 * read now and then while somebody waits. That is two files: the tables, and the newest partition, the only one events go to.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../component/clock.js'
import { lastTransaction } from './lmdb-file.js'

/** How long a change may stay unseen. A look takes 50 us. */
const pollMs = 100

export class ChangeWatch {
  /** Who waits, and what the store looked like before. */
  readonly #waiting = new Map<() => void, string>()
  #cancelPoll: (() => void) | undefined
  #isClosed = false
  /** What the store looked like before the oldest answer that nobody has waited behind yet, else before the last one. */
  #answered: string | undefined
  #isWaitedFor = false

  constructor (readonly directory: string, readonly clock: Clock) {}

  /** To be called before a feed looks at the store. */
  mark (): void {
    if (this.#answered !== undefined && !this.#isWaitedFor) return
    this.#answered = this.#look()
    this.#isWaitedFor = false
  }

  /** Resolves at the first change since the last answers, or since the last change; also at the end of the time, of the wait or of the store. */
  async wait (timeoutMs: number, signal: AbortSignal): Promise<void> {
    const now = this.#look()
    const before = this.#answered ?? now
    this.#isWaitedFor = true
    if (now !== before) this.#answered = undefined
    if (this.#isClosed || signal.aborted || timeoutMs <= 0 || now !== before) return
    await new Promise<void>(resolve => {
      const end = (): void => {
        this.#waiting.delete(end)
        cancel()
        signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.clock.after(timeoutMs, end)
      signal.addEventListener('abort', end)
      this.#waiting.set(end, before)
      if (this.#cancelPoll === undefined) this.#arm()
    })
  }

  close (): void {
    this.#isClosed = true
    this.#cancelPoll?.()
    for (const end of [...this.#waiting.keys()]) end()
  }

  #arm (): void {
    this.#cancelPoll = this.clock.after(pollMs, () => {
      this.#cancelPoll = undefined
      if (this.#waiting.size === 0) return
      const now = this.#look()
      for (const [end, before] of [...this.#waiting]) if (before !== now) end()
      if (this.#isWaitedFor && this.#answered !== now) this.#answered = undefined
      if (this.#waiting.size > 0) this.#arm()
    })
  }

  #look (): string {
    const newest = newestPartition(this.directory)
    return `${lastTransaction(join(this.directory, 'tables.mdb'))} ${newest} ${newest === '' ? '' : lastTransaction(join(this.directory, newest))}`
  }
}

/** The name of the newest; '' when there is none, or no directory yet. */
function newestPartition (directory: string): string {
  try {
    return readdirSync(directory).reduce((newest, name) => name.startsWith('events-') && name.endsWith('.mdb') && name > newest ? name : newest, '')
  } catch {
    return ''
  }
}
