/** What streams are made of: waiting that ends with the call, and work on a stream of requests in their order. */
import type { Clock } from '../../component/clock.js'

/** Resolves after `ms`; rejects with the signal's reason when it aborts before. */
export async function pause (clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.after(Math.max(0, ms), () => { signal.removeEventListener('abort', stop); resolve() })
    const stop = (): void => { cancel(); reject(signal.reason as Error) }
    signal.addEventListener('abort', stop, { once: true })
  })
  signal.throwIfAborted()
}

/** Things to say in a stream that no request asked for. */
export interface Notices<T> {
  /** The next one, or undefined. */
  take(): T | undefined
  /** Resolves when there may be one. The same promise until then. */
  changed(): Promise<void>
}

/**
 * What `work` makes of each request, in their order. At most `most` are worked on; then no more are read. Ends at once when `signal`
 * aborts, with its reason; when the requests end, after the last answer.
 */
export async function * answersInOrder<I, O> (requests: AsyncIterable<I>, most: number, work: (request: I) => Promise<O>, signal: AbortSignal, notices?: Notices<O>): AsyncGenerator<O> {
  const iterator = requests[Symbol.asyncIterator]()
  const waiting: Promise<O>[] = []
  const aborted = abortion(signal)
  let reading: Promise<IteratorResult<I>> | undefined
  let isOver = false
  try {
    for (;;) {
      signal.throwIfAborted()
      for (let notice = notices?.take(); notice !== undefined; notice = notices?.take()) yield notice
      if (!isOver && waiting.length < most && reading === undefined) reading = iterator.next()
      const head = waiting[0]
      if (isOver && head === undefined) return
      const events: Promise<'head' | 'read' | 'notice'>[] = [aborted.promise]
      if (head !== undefined) events.push(head.then(() => 'head'))
      if (reading !== undefined) events.push(reading.then(() => 'read'))
      if (notices !== undefined) events.push(notices.changed().then(() => 'notice'))
      const event = await Promise.race(events)
      if (event === 'head') {
        void waiting.shift()
        yield await (head as Promise<O>)
      } else if (event === 'read') {
        const { done, value } = await (reading as Promise<IteratorResult<I>>)
        reading = undefined
        if (done === true) isOver = true
        else waiting.push(noted(work(value)))
      }
    }
  } finally {
    aborted.forget()
    // It may be waiting for a request that never comes: whoever reads them ends it.
    reading?.catch(() => undefined)
    void iterator.return?.().catch(() => undefined)
  }
}

/** Its failure is seen when its turn comes; until then it is nobody's. */
function noted<T> (work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

function abortion (signal: AbortSignal): { readonly promise: Promise<never>, forget(): void } {
  let forget = (): void => undefined
  const promise = new Promise<never>((_, reject) => {
    const stop = (): void => { reject(signal.reason as Error) }
    signal.addEventListener('abort', stop, { once: true })
    forget = () => { signal.removeEventListener('abort', stop) }
  })
  promise.catch(() => undefined)
  return { promise, forget }
}
