/** Hand-off between threads: the ring beside postMessage (structured clone and transfer), in one run. */
import { once } from 'node:events'
import { cpus, availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { createRing } from '../../core/threads/ring.js'
import { receive, type Lane, type LaneResult, type Transport } from './ring-lane.js'

const eventBytes = 300
const eventsPerSlot = [1, 16, 256, 4096]
const transports: readonly Transport[] = ['ring', 'clone', 'transfer']
type Path = 'worker->worker' | 'worker->main'

async function runLane (path: Path, transport: Transport, bytes: number, slotsPerSecond: number): Promise<LaneResult> {
  const lane: Lane = {
    transport, bytes, slotsPerSecond,
    warmMs: slotsPerSecond > 0 ? 300 : 200,
    runMs: slotsPerSecond > 0 ? 900 : 500,
    memory: createRing({ capacityBytes: 8 << 20 }),
    control: new SharedArrayBuffer(8),
    epoch: process.hrtime.bigint()
  }
  const { port1, port2 } = new MessageChannel()
  const receiver = path === 'worker->worker' ? start(lane, port1, 'receive') : undefined
  const result = receiver === undefined ? receive(lane, port1, false) : once(receiver, 'message').then(([m]) => m as LaneResult)
  const sender = start(lane, port2, 'send')
  const found = await result
  await Promise.all([sender.terminate(), receiver?.terminate()])
  port1.close()
  return found
}

function start (lane: Lane, port: MessagePort, role: 'send' | 'receive'): Worker {
  return new Worker(new URL('./ring-bench-worker.js', import.meta.url), { workerData: { lane, port, role }, transferList: [port] })
}

interface Row { readonly transport: Transport; readonly rate: number; readonly low: LaneResult }

function quantile (sorted: readonly number[], q: number): string {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
  return value === undefined ? '-' : value.toFixed(0)
}

const heads = ['path', 'ev/slot', 'transport', 'slots/s', 'events/s', 'MB/s', 'ring is x', 'p50 us', 'p99 us']
const widths = [15, 8, 10, 11, 12, 8, 10, 8, 8]

function line (cells: readonly string[]): string {
  return cells.map((cell, i) => i === 0 || i === 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(' ')
}

function printRows (report: (line: string) => void, path: Path, events: number, rows: readonly Row[]): void {
  const ring = rows.find(r => r.transport === 'ring')?.rate ?? NaN
  for (const { transport, rate, low } of rows) {
    report(line([
      path, String(events), transport, rate.toFixed(0), (rate * events).toFixed(0), (rate * events * eventBytes / 1e6).toFixed(0),
      transport === 'ring' ? '' : (ring / rate).toFixed(1), quantile(low.latenciesUs, 0.5), quantile(low.latenciesUs, 0.99)
    ]))
  }
}

/** Prints one table, a line at a time. Takes about a minute. */
export async function run (report: (line: string) => void): Promise<void> {
  report(`ring hand-off: ${cpus()[0]?.model ?? 'unknown cpu'}, ${availableParallelism()} cores, node ${process.version}; ring of 8 MiB, events of ${eventBytes} B`)
  report('slots/s: saturated (postMessage with 64 in flight); p50/p99: hand-off at 1000 slots/s; "ring is x": ring\'s slots/s over this')
  report(line(heads))
  for (const path of ['worker->worker', 'worker->main'] as const) {
    for (const events of eventsPerSlot) {
      const rows: Row[] = []
      for (const transport of transports) {
        const { slots, seconds } = await runLane(path, transport, events * eventBytes, 0)
        rows.push({ transport, rate: slots / seconds, low: await runLane(path, transport, events * eventBytes, 1000) })
      }
      printRows(report, path, events, rows)
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(text => console.log(text))
