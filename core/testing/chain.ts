/**
 * Processors joined as in one thread of a pipeline, without rings, edges and threads: for tests and measurements that feed
 * batches and look at what comes out.
 */
import { noLookups } from '../component/lookup.js'
import { Value } from '@sinclair/typebox/value'
import type { AnyComponent, Consumer, Host, Processor } from '../component/component.js'
import type { ComponentFactory } from '../component/factory.js'
import { createShared, type Shared } from '../component/services.js'
import type { Clock } from '../component/clock.js'
import { CollectingConsumer, deadlineIn, testBench, type RecordingLogger } from './services.js'
import { createServices } from '../component/services.js'
import { componentId } from '../component/id.js'

export interface Link { readonly factory: ComponentFactory, readonly config?: Readonly<Record<string, unknown>> }

export interface Chain {
  /** The first of them: where batches go in. */
  readonly head: Consumer
  readonly sink: CollectingConsumer
  readonly shared: Shared
  /** Of the first component. */
  readonly logger: RecordingLogger
  start(): Promise<void>
  stop(): Promise<void>
}

export async function chainOf (links: readonly Link[], options: { readonly clock?: Clock, readonly sink?: CollectingConsumer } = {}): Promise<Chain> {
  const shared = createShared()
  const sink = options.sink ?? new CollectingConsumer()
  const parts: AnyComponent[] = []
  let next: Consumer = sink
  let logger: RecordingLogger | undefined
  for (const { factory, config = {} } of [...links].reverse()) {
    const bench = testBench(factory.kind, factory.type, Value.Default(factory.schema, structuredClone(config)), { shared, ...(options.clock === undefined ? {} : { clock: options.clock }) })
    logger = bench.logger
    const { services } = bench
    const own = createServices({
      id: componentId(factory.kind, factory.type), config: services.get('config'), logger: services.get('logger'), meter: services.get('meter'), clock: services.get('clock'),
      status: services.get('status'), drops: services.get('drops'), next, outputs: new Map(), nextBorrows: false, shared,
      pressure: services.get('pressure'), senders: { canWait: true }, ...noLookups
    })
    const component = await factory.create(own)
    parts.unshift(component)
    if (factory.kind !== 'receiver') next = component as Processor
  }
  return {
    head: next, sink, shared, logger: logger as RecordingLogger,
    async start () {
      const host: Host = { fail: error => { throw error }, finish: () => undefined }
      for (const part of [...parts].reverse()) await part.start?.(host)
    },
    async stop () { for (const part of parts) await part.stop?.(deadlineIn(10_000)) }
  }
}
