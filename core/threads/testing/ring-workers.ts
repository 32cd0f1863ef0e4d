/** Starting and ending ring workers from a test. */
import { Worker } from 'node:worker_threads'
import type { RingMemory } from '../ring.js'
import type { RingWork, RingWorkerMessage } from './ring-worker.js'

export type RingDone = Extract<RingWorkerMessage, { type: 'done' }>

export class RingWorker {
  /** Noted at the start: a worker that has ended says -1. */
  readonly threadId: number
  /** Line of the ring it took. Resolves once it is attached, or stuck as it was asked to be; rejects when it fails. */
  readonly ready: Promise<number>
  /** Its last word; rejects when it ends without one. */
  readonly done: Promise<RingDone>
  readonly #worker: Worker

  constructor (memory: RingMemory, work: RingWork) {
    const worker = this.#worker = new Worker(new URL('./ring-worker.js', import.meta.url), { workerData: { memory, work } })
    this.threadId = worker.threadId
    this.ready = new Promise((resolve, reject) => { this.#settle('ready', m => resolve((m as { index: number }).index), reject) })
    this.done = new Promise((resolve, reject) => { this.#settle('done', m => resolve(m as RingDone), reject) })
    // A test that kills a worker does not wait for its last word.
    this.ready.catch(() => {})
    this.done.catch(() => {})
  }

  async kill (): Promise<void> {
    await this.#worker.terminate()
  }

  #settle (type: RingWorkerMessage['type'], resolve: (message: RingWorkerMessage) => void, reject: (error: Error) => void): void {
    this.#worker.on('message', (message: RingWorkerMessage) => { if (message.type === type) resolve(message) })
    this.#worker.once('error', reject)
    this.#worker.once('exit', code => reject(new Error(`the worker ended (${code}) before it said ${type}`)))
  }
}

/** Rejects when `work` has not come to an end within `limitMs`: a hang must fail, not stall the suite. */
export async function within<T> (limitMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not end within ${limitMs} ms`)), limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
