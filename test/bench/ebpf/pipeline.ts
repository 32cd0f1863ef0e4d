/**
 * The whole way in mode ring-buffer: kernel -> ring -> receiver's thread -> shared-memory ring -> counting exporter's thread. The
 * receiver is the shipped one with its defaults (identity of every record, 17 hooks attached), with and without the raw store.
 * Each run is a process of its own, warmed up by 5 s of calls at 50k/s; then 5 s of calls as fast as the C loop goes, and less and
 * less until nothing is lost. Machine time goes to three here: the loop, the two threads.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipelineOf } from '../../../core/builder.js'
import type { Instance } from '../../../core/instance.js'
import { valueOf } from '../../../core/telemetry/snapshot.js'
import { silentLogger } from '../../../core/testing/services.js'
import { startCaller } from '../../../native/testing/caller.js'
import { printTable, rate, type Report } from '../report.js'

const catalog = [new URL('./source.js', import.meta.url).href, new URL('../../../core/testing/components.js', import.meta.url).href]
const warmUp = { calls: 250_000, perSecond: 50_000 }
const seconds = 5
/** Calls a second; 0 = as fast as they go. */
const paces = [0, 1_000_000, 750_000, 500_000, 350_000, 250_000, 150_000]

interface Run { readonly made: number, readonly perSecond: number, readonly delivered: number, readonly deliveredPerSecond: number, readonly lost: number, readonly missed: number, readonly unkept: number, readonly cpuSeconds: number, readonly rssMiB: number }

export async function pipeline (report: Report): Promise<void> {
  const rows = [['raw store', 'asked for/s', 'made/s', 'delivered/s', 'lost', 'of them missed', 'sum', 'raw not kept', 'CPU µs an event', 'RSS MiB']]
  for (const raw of [false, true]) {
    for (const pace of paces) {
      const r = await inOwnProcess(raw, pace)
      const sum = r.delivered + r.lost
      rows.push([raw ? 'on' : 'off', pace === 0 ? 'all' : rate(pace), rate(r.perSecond), rate(r.deliveredPerSecond), String(r.lost), String(r.missed), sum === r.made ? `${sum} =` : `${sum} WRONG`, String(r.unkept), (r.cpuSeconds / r.delivered * 1e6).toFixed(2), r.rssMiB.toFixed(0)])
      if (r.lost === 0) break
    }
  }
  report('kernel -> ebpf receiver -> counting exporter, mode ring-buffer, ring_size 8MiB and every other default')
  printTable(report, rows)
  report('sum = delivered + lost; it must be the number of calls. raw not kept: dropped by the raw store, counted; their events went on')
}

async function inOwnProcess (raw: boolean, pace: number): Promise<Run> {
  const child = fork(fileURLToPath(import.meta.url), [String(raw), String(pace)], { execArgv: process.execArgv })
  const [result] = await Promise.race([once(child, 'message'), once(child, 'exit').then(([code]) => { throw new Error(`the run ended with code ${String(code)}`) })])
  await once(child, 'exit')
  return result as Run
}

/** One run, in this process: warm-up, then the calls that are counted. */
async function measure (raw: boolean, pace: number): Promise<Run> {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-raw-bench-'))
  try {
    // Full speed is above a million a second here, so that the run is about as long as the others.
    const main = pace === 0 ? seconds * 1_200_000 : { calls: seconds * pace, perSecond: pace }
    const caller = startCaller(warmUp, main)
    const tapio = await pipelineOf(catalog).withMode('ring-buffer').withLogger(silentLogger)
      .withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
      .receiver('ebpf_bench', { only_pid: caller.pid, raw_store: { enabled: raw, directory } })
      .exporter('test_sink')
      .build()
    await tapio.start()
    await caller.run()
    await delivered(tapio, warmUp.calls)
    const [cpu, startedMs] = [process.cpuUsage(), performance.now()]
    const { wallNs } = await caller.run()
    const rssMiB = process.memoryUsage.rss() / 2 ** 20
    await tapio.stop()
    const { user, system } = process.cpuUsage(cpu)
    const calls = typeof main === 'number' ? main : main.calls
    const counts = counted(tapio)
    const got = counts.delivered - warmUp.calls
    return { ...counts, made: calls, perSecond: calls / wallNs * 1e9, delivered: got, deliveredPerSecond: got / (performance.now() - startedMs) * 1e3, cpuSeconds: (user + system) / 1e6, rssMiB }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const sunk = (tapio: Instance): number => Number(valueOf(tapio.snapshot(), 'tapio_test_sink_events_total'))

/** Also what the other hooks see of the machine is sunk, so what it waits for is a lower bound of the bench's own. */
async function delivered (tapio: Instance, rows: number): Promise<void> {
  const endMs = performance.now() + 30_000
  while (sunk(tapio) < rows && performance.now() < endMs) await new Promise(resolve => setTimeout(resolve, 20))
}

/** Of the bench program alone: the default hooks see what else the machine does. */
function counted (tapio: Instance): Pick<Run, 'delivered' | 'lost' | 'missed' | 'unkept'> {
  const snapshot = tapio.snapshot()
  const value = (name: string, attributes = {}): number => Number(valueOf(snapshot, name, attributes))
  const received = value('tapio_kernel_records_total', { program: 'bench' })
  const all = ['bench', 'process', 'memory', 'network'].reduce((n, program) => n + value('tapio_kernel_records_total', { program }), 0)
  // What did not reach the sink is taken for the bench's, whose rows nearly all are.
  const between = all - value('tapio_test_sink_events_total')
  return {
    delivered: received - between,
    lost: value('tapio_kernel_dropped_records_total', { program: 'bench' }),
    missed: value('tapio_kernel_dropped_records_total', { program: 'bench', reason: 'missed' }),
    unkept: value('tapio_raw_dropped_records_total')
  }
}

const [raw, pace] = process.argv.slice(2)
if (process.argv[1] === fileURLToPath(import.meta.url)) process.send?.(await measure(raw === 'true', Number(pace)), () => { process.disconnect() })
