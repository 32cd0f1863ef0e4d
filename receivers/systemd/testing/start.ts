/** A running systemd receiver, and what it has told. */
import { Ajv } from 'ajv'
import { systemClock } from '../../../core/component/clock.js'
import type { EventRow } from '../../../core/data/row.js'
import { deadlineIn, testBench, type TestBench } from '../../../core/testing/services.js'
import { schema } from '../config.js'
import { SystemdReceiver } from '../receiver.js'

export interface Running extends TestBench {
  readonly receiver: SystemdReceiver
  stop (): Promise<void>
  events (): EventRow[]
  /** The first event that fits; fails with what was seen instead when none comes within 30 s. */
  seen (what: string, fits: (event: EventRow) => boolean): Promise<EventRow>
}

/** `options` beside the defaults of the schema, which finds fault with wrong ones. */
export async function startReceiver (options: object): Promise<Running> {
  const config = structuredClone(options)
  const validate = new Ajv({ strict: false, useDefaults: true, allErrors: true }).compile(schema)
  if (!validate(config)) throw new Error(JSON.stringify(validate.errors))
  const bench = testBench('receiver', 'systemd', config, { clock: systemClock })
  const receiver = bench.services.construct(SystemdReceiver)
  // The clock's timers keep no process alive; a test that only waits for one would end early.
  const alive = setInterval(() => undefined, 1000)
  await receiver.start()
  const events = (): EventRow[] => bench.next.batches.flatMap(b => [...b])
  return {
    ...bench, receiver, events,
    async stop () { await receiver.stop(deadlineIn(5000)); clearInterval(alive) },
    async seen (what, fits) {
      for (const end = Date.now() + 30_000; ;) {
        const found = events().find(fits)
        if (found !== undefined) return found
        if (Date.now() > end) throw new Error(`no ${what}; seen:\n${events().map(e => `${e.get('name')} ${e.get('message')}`).join('\n')}\n${JSON.stringify(bench.logger.lines)}`)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    }
  }
}
