/**
 * The queue on disk by itself: what a batch costs to put, take and note as delivered, out of memory and read back; how long a backlog
 * takes to open, and how fast it is given out while new batches come. `npm run bench -- disk-queue`; TAPIO_BENCH_BACKLOG_MIB (default
 * 1024) is the size of the backlog.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../core/component/clock.js'
import { EventIds } from '../../core/data/ids.js'
import type { EventBatch } from '../../core/data/batch.js'
import { DiskQueue, type DiskQueueOptions } from '../../core/delivery/queue/disk-queue.js'
import type { Taken } from '../../core/delivery/queue/queue.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import { payloads } from './collector/payload.js'
import { diskFolder } from './durability/systems.js'
import { printMachine, printTable, rate, type Report } from './report.js'

const batches = 5000
const rounds = 5
const putters = 32
const consumers = 10

export async function run (report: Report): Promise<void> {
  printMachine(report)
  report(`${batches} batches of 100 spans, ${putters} put at once, ${consumers} are under way at once; medians of ${rounds}`)
  const rows = [['', 'batches/s', 'MB/s', 'CPU us/batch']]
  for (const [name, options] of [['never', { fsync: 'never' }], ['interval', { fsync: 'interval' }], ['always', { fsync: 'always' }], ['never, kept by the exporter', { fsync: 'never', lends: false }], ['never, read back', { fsync: 'never', maxCachedBytes: 0 }]] as const) {
    rows.push([name, ...await inFolder(directory => throughput(directory, options))])
  }
  printTable(report, rows)
  await inFolder(directory => backlog(directory, report))
}

async function inFolder<T> (work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(diskFolder(), 'tapio-queue-bench-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function open (directory: string, options: Partial<DiskQueueOptions>): Promise<DiskQueue> {
  return DiskQueue.open({
    directory, fsync: 'never', fsyncIntervalMs: 1000, maxBytes: 16 * 2 ** 30, maxAgeMs: 0, whenFull: 'refuse', maxCachedBytes: 16 << 20, lends: true, clock: systemClock,
    onDrop: (reason, rows) => { throw new Error(`${rows} rows dropped: ${reason}`) },
    onDamage: (file, offset, _bytes, reason) => { throw new Error(`${file} is damaged at ${offset}: ${reason}`) },
    ...options
  })
}

const ids = new EventIds()
const bodies = payloads(16, 100).map(p => p.body)
const meanBytes = bodies.reduce((n, b) => n + b.length, 0) / bodies.length

/** As the receiver makes it: the request's bytes, checked and not read. */
function request (i: number): EventBatch {
  const read = readExportRequest('traces', bodies[i % bodies.length] as Buffer, { ids, observedTimeUnixNano: 1_767_225_600_000_000_000n })
  if (!read.ok) throw new Error(read.error)
  // What came in several pieces is lent by the receiver, and what came over a ring by that.
  return read.batch.lent('buffers')
}

async function throughput (directory: string, options: Partial<DiskQueueOptions>): Promise<string[]> {
  const measured: { perSecond: number, cpuUs: number }[] = []
  for (let round = -1; round < rounds; round++) {
    const queue = await open(directory, options)
    const made = Array.from({ length: batches }, (_, i) => request(i))
    const started = { cpu: process.cpuUsage(), ms: performance.now() }
    await Promise.all([putAll(queue, made), takeSome(queue, batches)])
    const { user, system } = process.cpuUsage(started.cpu)
    if (round >= 0) measured.push({ perSecond: batches / (performance.now() - started.ms) * 1000, cpuUs: (user + system) / batches })
    await queue.close()
  }
  const perSecond = median(measured.map(m => m.perSecond))
  return [rate(perSecond), (perSecond * meanBytes / 1e6).toFixed(0), median(measured.map(m => m.cpuUs)).toFixed(1)]
}

async function putAll (queue: DiskQueue, made: readonly EventBatch[]): Promise<void> {
  let next = 0
  await Promise.all(Array.from({ length: putters }, async () => {
    while (next < made.length) {
      const result = await queue.put(made[next++] as EventBatch)
      if (result.status !== 'queued') throw new Error(`a batch is not queued: ${result.status}`)
    }
  }))
}

/** A delivery takes a turn of the event loop. */
async function takeSome (queue: DiskQueue, wanted: number): Promise<void> {
  let left = wanted
  await Promise.all(Array.from({ length: consumers }, async () => {
    while (left-- > 0) {
      const taken = await queue.take() as Taken
      await new Promise(resolve => setImmediate(resolve))
      taken.done()
    }
  }))
}

/** An outage left it: opened, then given out while as much as a tenth of it comes anew. */
async function backlog (directory: string, report: Report): Promise<void> {
  const mib = Number(process.env['TAPIO_BENCH_BACKLOG_MIB'] ?? 1024)
  const count = Math.ceil(mib * 2 ** 20 / meanBytes)
  const fill = await open(directory, { maxCachedBytes: 0 })
  for (let at = 0; at < count; at += 1000) await putAll(fill, Array.from({ length: Math.min(1000, count - at) }, (_, i) => request(at + i)))
  await fill.close()
  const segments = readdirSync(directory).filter(name => name.endsWith('.tapio')).length
  const startedMs = performance.now()
  const rssMiB = process.memoryUsage.rss() / 2 ** 20
  const queue = await open(directory, {})
  const openMs = performance.now() - startedMs
  const grownMiB = process.memoryUsage.rss() / 2 ** 20 - rssMiB
  const knownMs = queue.known.then(() => performance.now() - startedMs)
  const fresh = Array.from({ length: Math.min(2000, Math.ceil(count / 10)) }, (_, i) => request(i))
  const drainMs = performance.now()
  const cpu = process.cpuUsage()
  const putMs = putAll(queue, fresh).then(() => performance.now() - drainMs)
  await takeSome(queue, count + fresh.length)
  const seconds = (performance.now() - drainMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  report(`a backlog of ${mib} MiB: ${count} batches in ${segments} files, open after ${openMs.toFixed(0)} ms (${grownMiB.toFixed(0)} MiB of memory), all of it known after ${(await knownMs).toFixed(0)} ms`)
  report(`  given out at ${rate(count / seconds)} batches/s (${(count * meanBytes / seconds / 1e6).toFixed(0)} MB/s, ${((user + system) / count).toFixed(1)} CPU us/batch), while ${fresh.length} new ones were put at ${rate(fresh.length / (await putMs) * 1000)}/s`)
  await queue.close()
}

function median (values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}
