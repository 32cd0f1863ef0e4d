import type { Clock } from '../../component/clock.js'

/** Resolves after `delayMs`, at once when the signal aborts. */
export function pause (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) { resolve(); return }
    const over = (): void => {
      cancel()
      signal?.removeEventListener('abort', over)
      resolve()
    }
    const cancel = clock.after(delayMs, over)
    signal?.addEventListener('abort', over, { once: true })
  })
}
