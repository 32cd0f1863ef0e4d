/** Components of the ring-buffer part: a source that sends the bench's batches as fast as they are taken, and the cluster's objects before them. */
import { Type, type Static } from '@sinclair/typebox'
import type { Consumer, Host, Receiver } from '../../../core/component/component.js'
import { defineComponent, type ComponentFactory } from '../../../core/component/factory.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { BatchBuilder } from '../../../core/data/builder.js'
import { RawEncoding, Severity } from '../../../core/data/enums.js'
import { objects } from './cluster.js'
import { batchMs, templates, type Template } from './rows.js'

const schema = Type.Object({
  batches: Type.Integer({ description: 'To send in all.' }),
  share: Type.Number({ description: 'Of abnormal rows, 0 to 1.' }),
  start_ms: Type.Number({ description: 'Event time of the first.' })
}, { additionalProperties: false })

class Source implements Receiver {
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor (readonly config: Static<typeof schema>, readonly next: Consumer) {}

  start (host: Host): void { this.#running = this.#run(host) }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run (host: Host): Promise<void> {
    const { batches, share, start_ms: startMs } = this.config
    for (const batch of objectBatches(startMs - 10_000)) await this.#send(batch)
    const made = templates(50, share)
    for (let i = 0; i < batches && !this.#stopped; i++) {
      await this.#send((made[i % made.length] as Template).at(startMs + i * batchMs))
      if (i % 16 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    if (!this.#stopped) host.finish('all batches are sent')
  }

  async #send (batch: EventBatch): Promise<void> {
    while ((await this.next.consume(batch)).status === 'retry' && !this.#stopped) await new Promise(resolve => setImmediate(resolve))
  }
}

function * objectBatches (atMs: number): Generator<EventBatch> {
  let builder = new BatchBuilder(1000)
  let count = 0
  for (const [kind, object] of objects(atMs)) {
    builder.append({
      signal: 'events', type: 'kubernetes', name: 'ObjectSnapshot', source: 'kubernetes', severity: Severity.info, entityKind: kind, entityName: object.metadata?.name ?? '', timeUnixNano: BigInt(atMs) * 1_000_000n, observedTimeUnixNano: BigInt(atMs) * 1_000_000n,
      raw: { encoding: RawEncoding.kubernetesJson, bytes: Buffer.from(JSON.stringify(object)) }
    })
    if (++count % 1000 === 0) { yield builder.finish(); builder = new BatchBuilder(1000) }
  }
  yield builder.finish()
}

export const source = defineComponent({
  kind: 'receiver', type: 'correlation_source', description: 'Sends the rows of the correlation bench.', stability: 'stable', signals: ['traces', 'logs', 'events'], schema, concurrency: 'single', metrics: [], drops: {},
  create: s => new Source(s.get('config') as Static<typeof schema>, s.get('next'))
})

export const components: readonly ComponentFactory[] = [source]
