/**
 * The raw store: what appending costs the thread that receives, what gets to the disk, and how large a record is there.
 * Records are as the kernel's `exit` (104 bytes: names, pids and times that differ, zeros). `npm run bench -- rawstore`.
 *
 * `append alone` fills the memory and drops what has no room, which is what a receiver under overload pays; `to the disk` waits
 * whenever the memory is full, so it is the rate at which nothing is dropped.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/component/clock.js'
import { seeded } from '../../core/data/testing/random.js'
import { queryRaw } from '../../core/rawstore/query.js'
import { exit, exitRecord } from '../../core/rawstore/records-for-test.js'
import { listSegments } from '../../core/rawstore/segments.js'
import { RawStore } from '../../core/rawstore/store.js'
import { printMachine, printTable, rate, type Report } from './report.js'

const records = 1_000_000
/** Appended between two looks at the clock; also what a drain of the kernel's ring brings at once. */
const burst = 2000

export async function run (report: Report): Promise<void> {
  report(`# raw store: ${records} records of 104 bytes, medians of three`)
  printMachine(report)
  const samples = makeRecords()
  const rows: string[][] = [['', 'append alone', 'to the disk', 'CPU s / M records', 'bytes/record', 'query by pid', 'dropped']]
  for (const compress of [true, false]) {
    const passes = [await pass(samples, compress), await pass(samples, compress), await pass(samples, compress)]
    const median = (of: (p: Pass) => number): number => passes.map(of).sort((a, b) => a - b)[1] as number
    rows.push([compress ? 'deflate' : 'stored', `${rate(median(p => p.append))}/s`, `${rate(median(p => p.written))}/s`, median(p => p.cpuSeconds).toFixed(2), median(p => p.bytesPerRecord).toFixed(1), `${rate(median(p => p.scanned))}/s`, String(median(p => p.dropped))])
  }
  printTable(report, rows)
}

interface Pass { readonly append: number, readonly written: number, readonly cpuSeconds: number, readonly bytesPerRecord: number, readonly scanned: number, readonly dropped: number }

function makeRecords (): Buffer[] {
  const random = seeded(1)
  const comms = ['node', 'nginx', 'postgres', 'sh', 'runc:[2:INIT]', 'containerd-shim']
  return Array.from({ length: 4096 }, () => {
    const bytes = exitRecord(random.below(100_000), random.below(3))
    bytes.write(random.pick(comms).padEnd(16, '\0'), 16, 'latin1')
    for (const at of [40, 48, 56]) bytes.writeUInt32LE(random.word(), at)
    return bytes
  })
}

async function pass (samples: readonly Buffer[], compress: boolean): Promise<Pass> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-raw-bench-'))
  try {
    const append = await appendAlone(directory, samples, compress)
    const store = await RawStore.open({ directory, types: [exit], clock: systemClock, compress })
    const [startedMs, cpu] = [performance.now(), process.cpuUsage()]
    for (let i = 0; i < records; i += burst) {
      appendBurst(store, samples, i)
      // What is full when a burst ends: two thirds of the memory. Waiting then drops nothing.
      if (i % (burst * 10) === 0) await store.flush()
    }
    await store.close()
    const seconds = (performance.now() - startedMs) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const { stored, writtenBytes, dropped } = store.counts
    return { append, written: stored / seconds, cpuSeconds: (user + system) / 1e6 / (stored / 1e6), bytesPerRecord: writtenBytes / stored, scanned: await scan(directory), dropped: dropped.buffer_full }
  } finally {
    await rm(directory, { recursive: true })
  }
}

function appendBurst (store: RawStore, samples: readonly Buffer[], from: number): void {
  for (let i = from; i < from + burst; i++) store.append(exit.id, 1_767_225_600_000_000_000n + BigInt(i) * 1000n, BigInt(i & 255), i & 0xffff, samples[i & 4095] as Buffer)
}

async function appendAlone (directory: string, samples: readonly Buffer[], compress: boolean): Promise<number> {
  const store = await RawStore.open({ directory: join(directory, 'alone'), types: [exit], clock: systemClock, compress, maxPendingBytes: 64 << 20 })
  const startedMs = performance.now()
  for (let i = 0; i < 400_000; i += burst) appendBurst(store, samples, i)
  const seconds = (performance.now() - startedMs) / 1000
  await store.close()
  return 400_000 / seconds
}

/** Records looked at per second by a question that few of them fit. */
async function scan (directory: string): Promise<number> {
  const startedMs = performance.now()
  let found = 0
  for await (const item of queryRaw(directory, { pid: 77 })) if (item.kind === 'record') found++
  if (found === 0 || (await listSegments(directory)).length === 0) throw new Error('nothing was found')
  return records / ((performance.now() - startedMs) / 1000)
}
