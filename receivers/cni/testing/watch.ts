/** A running cni receiver and what it has seen. */
import { Value } from '@sinclair/typebox/value'
import { systemClock } from '../../../core/component/clock.js'
import type { Receiver } from '../../../core/component/component.js'
import type { EventRow } from '../../../core/data/row.js'
import { deadlineIn, testBench } from '../../../core/testing/services.js'
import { schema, type CniConfig } from '../config.js'
import { factory } from '../factory.js'

type Overrides = Partial<Omit<CniConfig, 'plugin_runs'>> & { readonly plugin_runs?: Partial<CniConfig['plugin_runs']> }

export function configOf (overrides: Overrides): CniConfig {
  return Value.Default(schema, structuredClone(overrides)) as CniConfig
}

export async function watch (overrides: Overrides) {
  const bench = testBench('receiver', 'cni', configOf(overrides), { clock: systemClock })
  const receiver = await factory.create(bench.services) as Receiver
  await receiver.start?.(bench.host)
  // The clock's timers keep no process alive; a test that only waits for one would end early.
  const alive = setInterval(() => undefined, 1000)
  const events = (): EventRow[] => bench.next.batches.flatMap(b => [...b])
  return {
    ...bench,
    events,
    async stop (ms = 5000): Promise<void> {
      await receiver.stop?.(deadlineIn(ms))
      clearInterval(alive)
    },
    /** Does something again until an event fits: a plugin that ends at once may be told without its pod. Kubelet tries again too. */
    async seenAfter (what: string, fits: (event: EventRow) => boolean, act: () => unknown): Promise<EventRow> {
      for (let n = 0; n < 20; n++) {
        await act()
        for (const end = Date.now() + 500; Date.now() < end; await new Promise(resolve => setTimeout(resolve, 5))) {
          const found = events().find(fits)
          if (found !== undefined) return found
        }
      }
      return this.seen(what, fits)
    },
    /** The first event that fits; fails with what was seen instead when none comes within 20 s. */
    async seen (what: string, fits: (event: EventRow) => boolean): Promise<EventRow> {
      for (const end = Date.now() + 20_000; ;) {
        const found = events().find(fits)
        if (found !== undefined) return found
        if (Date.now() > end) throw new Error(`no ${what}; seen:\n${events().map(e => `${e.get('name')} ${e.get('action')}: ${e.get('message')}`).join('\n')}\n${bench.logger.lines.map(l => JSON.stringify(l)).join('\n')}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    }
  }
}
export type Watch = Awaited<ReturnType<typeof watch>>

/** `fits` of a problem's beginning or end. */
export const turn = (name: string, action: 'started' | 'resolved', text = '') => (e: EventRow): boolean => e.get('name') === name && e.get('action') === action && (e.get('message') ?? '').includes(text)
