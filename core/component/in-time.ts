/**
 * Work that ends after a while or when somebody stops it, for requests to other machines. Not `AbortSignal.any([stop, AbortSignal.timeout(ms)])`: in
 * Node 20 nothing holds the signal of the timeout then, and once it is collected it never aborts (seen 10 of 10 times with a collection every
 * 5 ms): a server that does not answer would be waited for without end.
 */
export async function inTime<T> (timeoutMs: number, stop: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController()
  const onStop = (): void => { over.abort(stop.reason) }
  const timer = setTimeout(() => { over.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError')) }, timeoutMs)
  if (stop.aborted) onStop()
  else stop.addEventListener('abort', onStop, { once: true })
  try {
    return await work(over.signal)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', onStop)
  }
}
