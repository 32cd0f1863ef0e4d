/**
 * OOM kills that were seen in the kernel itself, so that a source that reads of the same kill in a log keeps quiet. One for
 * all receivers of a thread: in every mode receivers share one.
 *
 * Two sightings are one kill when the victim's pid is the same and their times are less than `slackMs` apart: the kernel
 * stamps its log with another clock than its events (local_clock drifts against CLOCK_BOOTTIME by seconds in weeks), and no
 * pid is given to a second victim so soon. Wall clock times, so a log of an earlier boot never fits.
 */
const slackMs = 10_000
const mostKills = 1024

export class OomKills {
  #watchers = 0
  readonly #kills: { readonly pid: number, readonly unixMs: number }[] = []
  readonly #listeners = new Set<() => void>()

  /** Whether anyone watches the kernel, so that waiting for its word makes sense. */
  get watched (): boolean { return this.#watchers > 0 }

  /** Call the answer when the watching ends. */
  watch (): () => void {
    this.#watchers++
    let done = false
    return () => { if (!done) { done = true; this.#watchers-- } }
  }

  add (pid: number, unixMs: number): void {
    this.#kills.push({ pid, unixMs })
    if (this.#kills.length > mostKills) this.#kills.shift()
    for (const listener of this.#listeners) listener()
  }

  has (pid: number, unixMs: number): boolean {
    return this.#kills.some(kill => kill.pid === pid && Math.abs(kill.unixMs - unixMs) < slackMs)
  }

  /** Calls `listener` at every kill, until the answer is called. */
  listen (listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }
}

export const oomKills = new OomKills()
