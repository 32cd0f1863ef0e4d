/**
 * The API under load, `npm run bench -- api`: events flow at a rate into a pipeline with a store, first alone, then with clients that
 * ask (gRPC, each on a connection of its own, twice a second) and clients that follow streams, then with such that open streams and
 * never read. Shown: p50 and p99 of each kind of question, what the pipeline refused or dropped with and without, memory.
 *
 * TAPIO_BENCH_RATE (events/s, 100000), TAPIO_BENCH_SECONDS (of each part, 20), TAPIO_BENCH_CLIENTS (200), TAPIO_BENCH_STREAMS (20).
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipelineOf } from '../../../core/builder.js'
import type { Instance } from '../../../core/instance.js'
import { silentLogger } from '../../../core/testing/services.js'
import { valueOf, type MetricSnapshot } from '../../../core/telemetry/snapshot.js'
import { printMachine, printTable, type Report } from '../report.js'
import type { LoadOrder, LoadResult } from './clients.js'

const catalog = [new URL('../../../core/cli/registry.js', import.meta.url).href, new URL('../../../core/testing/components.js', import.meta.url).href]
const from = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const rate = from('TAPIO_BENCH_RATE', 100_000)
const seconds = from('TAPIO_BENCH_SECONDS', 20)
const clients = from('TAPIO_BENCH_CLIENTS', 200)
const streams = from('TAPIO_BENCH_STREAMS', 20)
const batchRows = 500

export async function run (report: Report): Promise<void> {
  report(`# api: ${rate} events/s into a store, ${clients} clients asking, ${streams} following, then ${streams} that never read; ${seconds} s each`)
  printMachine(report)
  const directory = await mkdtemp(join(tmpdir(), 'tapio-api-bench-'))
  const tapio = await pipelineOf(catalog).withMode('standard').withLogger(silentLogger)
    .withService({
      shutdown_timeout: '10s', telemetry: { metrics: { enabled: false } },
      api: { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' }, rate_limit: { requests_per_second: 0 }, max_streams_per_client: 1000 }
    })
    .receiver('test_source', { rows: 1_000_000_000, batch_rows: batchRows, rows_per_second: rate, fresh_ids: true })
    .exporter('store', { directory: join(directory, 'store') })
    .build()
  try {
    const { api } = await tapio.start()
    if (api === undefined) throw new Error('no API is served')
    const parts = [
      await measured(tapio, 'no clients', async () => { await new Promise(resolve => setTimeout(resolve, seconds * 1000)) }),
      await measured(tapio, `${clients} asking, ${streams} following`, () => load({ ...api, seconds, clients, streams, deaf: 0 })),
      await measured(tapio, `${streams} that never read`, () => load({ ...api, seconds, clients: 1, streams: 0, deaf: streams }))
    ]
    printTable(report, [
      ['', 'events/s', 'refused', 'dropped', 'API RSS+ MiB', 'RSS MiB', 'API thread busy', 'load'],
      ...parts.map(p => [p.name, p.taken.toFixed(0), String(p.refused), String(p.dropped), p.grown.toFixed(0), p.rss.toFixed(0), p.busy.toFixed(2), p.load.toFixed(1)])
    ])
    for (const { name, result } of parts) if (result !== undefined) printResult(report, name, result)
  } finally {
    await tapio.stop(5000)
    await rm(directory, { recursive: true })
  }
}

interface Part {
  readonly name: string
  /** Events a second that the pipeline took. */
  readonly taken: number
  readonly refused: number
  /** Not counting what the store does not keep by its configuration. */
  readonly dropped: number
  readonly rss: number
  readonly grown: number
  readonly busy: number
  readonly load: number
  readonly result: LoadResult | undefined
}

async function measured (tapio: Instance, name: string, act: () => Promise<LoadResult | void>): Promise<Part> {
  const [before, rssBefore] = [tapio.snapshot(), rssMiB()]
  let rss = rssBefore
  const watch = setInterval(() => { rss = Math.max(rss, rssMiB()) }, 250)
  const result = await act()
  clearInterval(watch)
  const after = tapio.snapshot()
  const grew = (metric: string, attributes = {}): number => Number(valueOf(after, metric, attributes)) - Number(valueOf(before, metric, attributes))
  return {
    name, result: result ?? undefined, rss, grown: rss - rssBefore,
    taken: grew('tapio_edge_accepted_events_total', { to: 'exporter/store' }) / (after.atMs - before.atMs) * 1000,
    refused: grew('tapio_test_source_refused_events_total'),
    dropped: dropsOf(after) - dropsOf(before),
    busy: Number(valueOf(after, 'tapio_thread_event_loop_utilization_ratio', { thread: 'api' })),
    load: loadavg()[0] as number
  }
}

const rssMiB = (): number => process.memoryUsage.rss() / 2 ** 20

function dropsOf (snapshot: MetricSnapshot): number {
  return Number(valueOf(snapshot, 'tapio_component_dropped_events_total')) - Number(valueOf(snapshot, 'tapio_component_dropped_events_total', { reason: 'not_kept' }))
}

/** In a process of its own, so that clients are not measured as the server. */
async function load (order: LoadOrder): Promise<LoadResult> {
  const child = fork(fileURLToPath(new URL('clients.js', import.meta.url)))
  child.send(order)
  const [result] = await once(child, 'message') as [LoadResult]
  await once(child, 'exit')
  return result
}

function printResult (report: Report, name: string, { kinds, received }: LoadResult): void {
  report(`${name}:`)
  printTable(report, [['question', 'answers', 'errors', 'p50 ms', 'p99 ms'], ...kinds.map(k => [k.kind, String(k.latenciesMs.length), String(k.errors), ...[0.5, 0.99].map(q => quantile(k.latenciesMs, q))])])
  report(`streams: ${Object.entries(received).map(([kind, n]) => `${kind} ${n} messages`).join(', ')}`)
}

function quantile (values: readonly number[], q: number): string {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN).toFixed(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(line => console.log(line))
