/** How much of a busy machine the API's thread gets beside the pipelines' threads. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A third of the time of a thread of a pipeline, when there is not enough for both; all it wants when there is. */
const niceness = 5

/** Of the calling thread alone: on Linux priorities are a thread's. Where that cannot be, nothing changes. */
export function giveWay (): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    // 0 would be the whole process.
    if (thread > 0) setPriority(thread, niceness)
  } catch {
    // No Linux, no /proc, or not allowed: the scheduler then shares evenly.
  }
}
