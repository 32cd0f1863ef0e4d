/** What stands in the place of receivers and exporters in a measurement: rows that are made once and stamped anew for each batch, and a sink that counts. */
import { Type, type Static } from '@sinclair/typebox'
import type { Consumer, Exporter, Receiver } from '../component/component.js'
import { defineComponent, type ComponentFactory, type Signal } from '../component/factory.js'
import { accepted, type Outcome } from '../component/outcome.js'
import { Options } from '../config/schema.js'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { recordedBatches } from '../data/recorded.js'
import type { Counter, Histogram, MetricDeclaration } from '../telemetry/meter.js'

/** More would fill the memory rather than measure anything. */
const maxRecordedRows = 100_000

const all: readonly Signal[] = ['traces', 'metrics', 'logs', 'profiles', 'events']

export const generatorSchema = Options({
  signals: Type.Array(Type.String(), { default: ['logs'], description: 'Batches are of one signal each, in turn.' }),
  batch_rows: Type.Integer({ minimum: 1, default: 1000, description: 'Rows a batch.' }),
  rows_per_second: Type.Number({ default: 0, description: 'Pace; 0 = as fast as it is taken.' }),
  file: Type.String({ default: '', description: 'Rows of a file instead, again and again.' })
})

export const sinkRows: MetricDeclaration = { name: 'bench_sink', kind: 'counter', unit: 'events', description: 'Rows the sink took.' }
export const sourceRows: MetricDeclaration = { name: 'bench_source', kind: 'counter', unit: 'events', description: 'Rows that were given and taken.' }
export const refusedRows: MetricDeclaration = { name: 'bench_source_refused', kind: 'counter', unit: 'events', description: 'Rows that were not taken.' }
export const sinkLatency: MetricDeclaration = {
  name: 'bench_sink_latency', kind: 'histogram', unit: 'seconds', description: 'From the making of a batch to the sink.',
  bounds: [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5]
}

/** A catalog of its own, beside that of the build: no configuration can name what needs a measurement to run it. */
export const components: readonly ComponentFactory[] = [
  defineComponent({
    kind: 'receiver', type: 'generator', description: 'Makes rows for a measurement.', stability: 'stable', signals: all, schema: generatorSchema, concurrency: 'single', metrics: [sourceRows, refusedRows], drops: {},
    create: services => new Generator(services.get('config') as Static<typeof generatorSchema>, services.get('next'), services.get('meter').counter(sourceRows), services.get('meter').counter(refusedRows))
  }),
  defineComponent({
    kind: 'exporter', type: 'counted', description: 'Counts what comes.', stability: 'stable', signals: all, schema: Options({}), concurrency: 'single', borrows: true, metrics: [sinkRows, sinkLatency], drops: {},
    create: services => new Counted(services.get('meter').counter(sinkRows), services.get('meter').histogram(sinkLatency))
  })
]

/** What a graph takes as a catalog module. */
export const doublesUrl = import.meta.url

/** So many batches are under way at once, as many clients would have them. */
const lanes = 4

class Generator implements Receiver {
  #stopped = false
  #running: Promise<unknown> = Promise.resolve()
  #dueMs = 0

  constructor (readonly config: Static<typeof generatorSchema>, readonly next: Consumer, readonly taken: Counter, readonly refused: Counter) {}

  async start (): Promise<void> {
    const { file, signals, batch_rows: rows } = this.config
    const templates = file === '' ? signals.map(signal => templateOf(signal as Signal, rows)) : await recordedBatches(file, maxRecordedRows)
    this.#running = Promise.all(Array.from({ length: lanes }, (_, lane) => this.#run(templates, lane)))
  }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run (templates: readonly EventBatch[], lane: number): Promise<void> {
    for (let i = lane; !this.#stopped; i++) {
      const template = templates[i % templates.length] as EventBatch
      await this.#turn(template.count)
      await this.#send(stamped(template))
    }
  }

  /** Also lets the thread do what else it has to. */
  #turn (rows: number): Promise<void> {
    const { rows_per_second: rate } = this.config
    const nowMs = performance.now()
    this.#dueMs = Math.max(this.#dueMs, nowMs - 50)
    const waitMs = rate === 0 ? 0 : this.#dueMs - nowMs
    if (rate > 0) this.#dueMs += rows / rate * 1000
    return new Promise(resolve => { if (waitMs <= 0) setImmediate(resolve); else setTimeout(resolve, waitMs) })
  }

  /** At full speed it comes again until it is taken; at a pace it stands for clients who do not wait. */
  async #send (batch: EventBatch): Promise<void> {
    for (;;) {
      const outcome = await this.next.consume(batch)
      if (outcome.status === 'accepted') { this.taken.add(batch.count); return }
      if (outcome.status !== 'retry' || this.config.rows_per_second > 0 || this.#stopped) { this.refused.add(batch.count); return }
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }
}

class Counted implements Exporter {
  constructor (readonly rows: Counter, readonly latency: Histogram) {}

  consume (batch: EventBatch): Outcome {
    this.rows.add(batch.count)
    const madeMs = Number(batch.columns.timeUnixNano[0] ?? 0n) / 1e6
    if (madeMs > 0) this.latency.record(Math.max(0, performance.timeOrigin + performance.now() - madeMs) / 1000)
    return accepted
  }
}

function stamped (template: EventBatch): EventBatch {
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
  return template.withColumn('timeUnixNano', new BigUint64Array(template.count).fill(now))
}

const typeOf = { logs: 'log', traces: 'span', metrics: 'metric', profiles: 'profile', events: 'kubernetes' } as const
const verbs = ['GET', 'POST', 'PUT', 'DELETE'] as const

/** Rows as 200 pods of 20 services make them; one in 50 is an error, one in 20 a health check. */
export function templateOf (signal: Signal, rows: number): EventBatch {
  const builder = new BatchBuilder(rows)
  const hex = (n: number, length: number): string => n.toString(16).padStart(length, '0')
  for (let i = 0; i < rows; i++) {
    const [pod, verb, isError] = [i % 200, verbs[i % 4] as string, i % 50 === 49]
    const path = i % 20 === 0 ? '/healthz' : `/api/v1/items/${i % 40}`
    builder.append({
      signal, type: typeOf[signal], severity: isError ? 17 : 9, source: 'otlp', timeUnixNano: 1n,
      name: signal === 'metrics' ? 'http.server.request.duration' : `${verb} ${path}`,
      ...(signal === 'logs' && { message: isError ? 'upstream connect error or disconnect before headers' : `request ${i} served` }),
      ...(signal === 'traces' && { spanKind: 2, statusCode: isError ? 2 : 1, durationNano: BigInt(1_000_000 + i * 1000), spanId: hex(i + 1, 16) }),
      ...(signal === 'metrics' ? { metricKind: 1, metricValue: i * 0.25, metricUnit: 's', dataPointCount: 1 } : { traceId: hex(i % 64 + 1, 32) }),
      attributes: { 'http.request.method': verb, 'url.path': path, 'http.response.status_code': isError ? 503 : 200, 'server.address': `svc-${pod % 20}.shop.svc`, 'user_agent.original': 'okhttp/4.12' },
      resource: { 'service.name': `svc-${pod % 20}`, 'k8s.namespace.name': 'shop', 'k8s.pod.name': `svc-${pod % 20}-${pod}`, 'host.name': `node-${pod % 5}` }
    })
  }
  return builder.finish()
}
