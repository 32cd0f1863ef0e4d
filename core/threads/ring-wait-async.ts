/** Atomics.waitAsync: in Node 20 (V8 11), not yet in TypeScript's ES2023 library. */
interface WaitAsync {
  waitAsync (words: Int32Array, index: number, value: number):
    { readonly async: false, readonly value: 'not-equal' | 'timed-out' } | { readonly async: true, readonly value: Promise<'ok' | 'timed-out'> }
}

/** Resolves when `index` is notified; `async: false` when it no longer holds `value`. Does not keep the process alive. */
export function waitAsync (words: Int32Array, index: number, value: number): ReturnType<WaitAsync['waitAsync']> {
  return (Atomics as unknown as WaitAsync).waitAsync(words, index, value)
}
