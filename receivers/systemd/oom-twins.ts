/** Journald tells of a kill some 0.3 s after it, the ebpf receiver within 0.05 s, unless it is held up: a fresh kill is given that time. */
import type { Clock } from '../../core/component/clock.js'
import type { EventInput } from '../../core/data/builder.js'
import type { OomKills } from '../../core/identity/oom-kills.js'
import { wait } from '../../core/delivery/insist.js'

const graceMs = 1000

/** Resolves when `kills` has all of `events`, or none of them is fresh any more. Returns at once when nobody watches the kernel. */
export async function settleKills (events: readonly EventInput[], kills: OomKills, clock: Clock, stopping: AbortSignal): Promise<void> {
  if (!kills.watched) return
  const open = (): { readonly leftMs: number }[] => events.flatMap(({ pid = 0, timeUnixNano = 0n }) => {
    const atMs = Number(timeUnixNano / 1_000_000n)
    const leftMs = atMs + graceMs - clock.unixMs()
    return leftMs > 0 && leftMs <= graceMs && !kills.has(pid, atMs) ? [{ leftMs }] : []
  })
  for (let waiting = open(); waiting.length > 0 && !stopping.aborted; waiting = open()) {
    const heard = new AbortController()
    const unlisten = kills.listen(() => { heard.abort() })
    await wait(Math.max(...waiting.map(w => w.leftMs)), clock, AbortSignal.any([heard.signal, stopping]))
    unlisten()
  }
}
