/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts: what goes on regardless is not waited for. */
export function until<T> (signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    // Not by Promise.race with one promise of the signal: that would gather a reaction for every message of a long stream.
    const forget = (): void => signal.removeEventListener('abort', onAbort)
    promise.then(value => { forget(); resolve(value) }, (error: Error) => { forget(); reject(error) })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
}
