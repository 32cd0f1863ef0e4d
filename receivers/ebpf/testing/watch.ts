/** A running ebpf receiver for tests on the real kernel, and what it has seen. */
import { Value } from '@sinclair/typebox/value'
import { systemClock } from '../../../core/component/clock.js'
import type { Receiver } from '../../../core/component/component.js'
import type { EventRow } from '../../../core/data/row.js'
import { deadlineIn, testBench } from '../../../core/testing/services.js'
import { schema, type EbpfConfig } from '../config.js'
import { factory } from '../factory.js'

type Overrides = Partial<Omit<EbpfConfig, 'filters' | 'rate_limits' | 'raw_store'>> & { readonly filters?: Partial<EbpfConfig['filters']>, readonly rate_limits?: Partial<EbpfConfig['rate_limits']>, readonly raw_store?: Partial<EbpfConfig['raw_store']> }

/** Raw records are off unless asked for: the default directory is the machine's. */
export function configOf (overrides: Overrides): EbpfConfig {
  return Value.Default(schema, structuredClone({ ...overrides, raw_store: { enabled: false, ...overrides.raw_store } })) as EbpfConfig
}

export async function watch (overrides: Overrides) {
  const bench = testBench('receiver', 'ebpf', configOf(overrides), { clock: systemClock })
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
    /** The first event that fits; fails with what was seen instead when none comes within 20 s. */
    async seen (what: string, fits: (event: EventRow) => boolean): Promise<EventRow> {
      for (const end = Date.now() + 20_000; ;) {
        const found = events().find(fits)
        if (found !== undefined) return found
        if (Date.now() > end) throw new Error(`no ${what}; seen:\n${events().map(e => e.get('message')).join('\n')}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    }
  }
}
export type Watch = Awaited<ReturnType<typeof watch>>
