/**
 * The whole chain, context -> k8s_correlation -> temporal_correlation -> impact -> incident, with a cluster of 10,000 pods: events a
 * second, what a batch waits longer, where the time goes, and what is held after many events. `npm run bench -- correlation`, some
 * minutes; `TAPIO_BENCH_EVENTS` shortens its last part (10 million events). `TAPIO_BENCH_RING_EVENTS` its ring-buffer part (4 million),
 * `TAPIO_BENCH_PARTS=share,state,ring` and `TAPIO_BENCH_SHARES=0.01,0.1,0.5` choose.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Consumer } from '../../../core/component/component.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { printMachine, printTable, rate, type Report } from '../report.js'
import { feed, nodeCount, podCount, serviceCount } from './cluster.js'
import { ringBuffer } from './ring.js'
import { batchMs, batchRows, templates, type Template } from './rows.js'
import { correlating, passing, stageNames, type Measured } from './stages.js'

const t0 = Date.UTC(2026, 0, 1)
const shares = (process.env['TAPIO_BENCH_SHARES'] ?? '0.01,0.1,0.5').split(',').map(Number)
const templateCount = 50
/** Batches before anything is counted (code is compiled, symptoms are new), and those that are. */
const warmUp = 50
const measured = 150
const eventsInAll = Number(process.env['TAPIO_BENCH_EVENTS'] ?? 10_000_000)
const partsWanted = (process.env['TAPIO_BENCH_PARTS'] ?? 'share,state,ring').split(',')
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export async function run (report: Report): Promise<void> {
  report('# correlation')
  printMachine(report)
  report(`${podCount} pods, ${serviceCount} Services and Deployments, ${nodeCount} nodes; batches of ${batchRows} rows; ${batchRows / batchMs * 1000} events a second of event time, one tick a second`)
  if (partsWanted.includes('share')) await byShare(report)
  if (partsWanted.includes('state')) await state(report)
  if (partsWanted.includes('ring')) await ringBuffer(report, t0)
}

async function byShare (report: Report): Promise<void> {
  const speed = [['abnormal', 'events/s', 'events/CPU-s', 'noop ev/s', 'p50 ms/batch', 'p99 ms/batch', 'p50 us/event', 'p99 us/event', 'CPU ns/event']]
  const where = [['ns an event', ...stageNames.map(s => `${s} rows`), ...stageNames.map(s => `${s} ticks`)]]
  const held = [['abnormal', 'symptoms', 'links', 'ticks', 'longest tick ms', 'heap MiB', 'RSS MiB']]
  for (const share of shares) {
    const name = `${share * 100} %`
    const batches = templates(templateCount, share)
    const bound = await paced(await passing().then(c => c.head), batches, warmUp, measured)
    const made = await prepared(batches)
    const { stages, engine } = made
    const took = await paced(made.chain.head, made.templates, warmUp, measured, () => { clear(made) })
    const { all } = took
    const events = measured * batchRows
    const wallMs = all.reduce((a, b) => a + b, 0)
    const added = all.map((ms, i) => Math.max(0, ms - (bound.all[i] ?? 0))).sort((a, b) => a - b)
    const at = (q: number): number => added[Math.min(added.length - 1, Math.floor(added.length * q))] ?? 0
    const cpuNs = took.cpuMs * 1e6 / events
    speed.push([name, rate(events / wallMs * 1000), rate(events / took.cpuMs * 1000), rate(events / bound.all.reduce((a, b) => a + b, 0) * 1000), at(0.5).toFixed(2), at(0.99).toFixed(1), (at(0.5) / batchRows * 1000).toFixed(2), (at(0.99) / batchRows * 1000).toFixed(2), cpuNs.toFixed(0)])
    const ns = (ms: number): string => (ms * 1e6 / events).toFixed(0)
    where.push([name, ...stageNames.map(s => ns(stages.rows[s])), ...stageNames.map(s => ns(stages.ticks[s]))])
    const memory = process.memoryUsage()
    held.push([name, String(engine.symptoms.size), String(engine.links.size), String(stages.tickCount), stages.longestTickMs.toFixed(0), mib(memory.heapUsed), mib(memory.rss)])
    await made.chain.stop()
  }
  printTable(report, speed)
  report('Added latency: wall time of a batch less that of the same batch through noop; of an event: its share of the batch it is in. Wall times are those of a shared machine.')
  report('The seed promises: context < 100 us an event, k8s_correlation < 1 ms an event (both columns of a stage together):')
  printTable(report, where)
  printTable(report, held)
}

/** What is held when many events have passed, a tenth of them abnormal. */
async function state (report: Report): Promise<void> {
  const made = await prepared(templates(templateCount, 0.1))
  collectGarbage()
  const before = process.memoryUsage()
  const rows = [['events', 'symptoms', 'links', 'pairs called', 'incident rows out', 'heap MiB', 'RSS MiB', 'heap before MiB']]
  const total = Math.ceil(eventsInAll / batchRows)
  const parts = 4
  let [sent, cpuMs] = [0, 0]
  for (let part = 0; part < parts; part++) {
    const until = Math.floor(total * (part + 1) / parts)
    const started = process.cpuUsage()
    for (; sent < until; sent++) await made.chain.head.consume(batchAt(made.templates, sent))
    cpuMs += cpuSince(started)
    collectGarbage()
    const { heapUsed, rss } = process.memoryUsage()
    rows.push([String(sent * batchRows), String(made.engine.symptoms.size), String(made.engine.links.size), String(made.engine.dependencies.size), String(made.sink.count - sent * batchRows), mib(heapUsed), mib(rss), mib(before.heapUsed)])
  }
  report(`state after ${rate(sent * batchRows)} events, 10 % abnormal, ${(sent * batchMs / 1000).toFixed(0)} s of event time; ${(cpuMs * 1e6 / sent / batchRows).toFixed(0)} ns of CPU an event, with the making of the batches`)
  printTable(report, rows)
  await made.chain.stop()
}

async function prepared (made: readonly Template[]): Promise<Measured & { readonly templates: readonly Template[] }> {
  const measured = await correlating()
  feed(measured.engine, t0 - 20_000)
  // Patterns are asked about all objects, some at a tick: what a start costs is not what rows cost.
  for (let i = 0; i < 40; i++) measured.engine.flush(false, t0 - 20_000 + i * 400)
  return { ...measured, templates: made }
}

function batchAt (made: readonly Template[], index: number): EventBatch { return (made[index % made.length] as Template).at(t0 + index * batchMs) }

function clear ({ stages }: Measured): void {
  for (const stage of stageNames) stages.rows[stage] = stages.ticks[stage] = 0
  stages.tickCount = stages.longestTickMs = 0
}

/** Wall milliseconds of each measured batch, CPU of all; making the batches is not in it. */
async function paced (head: Consumer, made: readonly Template[], warm: number, count: number, begin = (): void => undefined): Promise<{ readonly all: number[], readonly cpuMs: number }> {
  for (let i = 0; i < warm; i++) await head.consume(batchAt(made, i))
  begin()
  const all: number[] = []
  let cpuMs = 0
  // As many as fit into memory at once, so that what making them left behind is collected in between.
  const atOnce = 75
  for (let i = warm; i < warm + count; i += atOnce) {
    const batches = Array.from({ length: Math.min(atOnce, warm + count - i) }, (_, k) => batchAt(made, i + k))
    collectGarbage()
    const started = process.cpuUsage()
    for (const batch of batches) {
      const startedMs = performance.now()
      await head.consume(batch)
      all.push(performance.now() - startedMs)
    }
    cpuMs += cpuSince(started)
  }
  return { all, cpuMs }
}

function cpuSince (started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)
