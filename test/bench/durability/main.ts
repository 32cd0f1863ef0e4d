/**
 * What durability costs: the same pipeline without a queue, with one in memory and on disk at each fsync policy, durable and not, beside
 * the Go collector's queues; the same load, sink and machine, taking turns in one run.
 *
 * Events a second are those the sink has, divided by the time until it has the last: a queue that only grows is not fast. Latencies are
 * of the answers at half of the load that the same system bore in the same round.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Mode } from '../../../core/config/modes.js'
import { goCollector } from '../../peers/go-collector.js'
import { emptyTally, type Tally } from '../collector/count.js'
import { ask, drained } from '../collector/drive.js'
import type { LoadJob, LoadResult } from '../collector/load.js'
import { cpuSeconds, diskBytes, memoryMiB, resetPeak } from '../collector/process-stats.js'
import type { SinkPorts } from '../collector/sink.js'
import { printMachine, printTable, rate, type Report } from '../report.js'
import { printBound } from './bound.js'
import { diskFolder, goCandidates, tapioCandidates, type Candidate, type Case, type System } from './systems.js'

const cases: readonly Case[] = [
  { name: 'grpc-100', protocol: 'grpc', spansPerRequest: 100 },
  { name: 'grpc-500', protocol: 'grpc', spansPerRequest: 500 },
  { name: 'http-100', protocol: 'http', spansPerRequest: 100 },
  { name: 'http-500', protocol: 'http', spansPerRequest: 500 }
]

const seconds = { warmUp: 3, saturation: 4, paced: 4 }

interface Phase { readonly load: LoadResult, readonly seconds: number, readonly cpuSeconds: number, readonly writtenBytes: number, readonly missing: number, readonly sameIds: boolean }
interface Round { readonly full: Phase, readonly half: Phase }
interface Bay { readonly candidate: Candidate, readonly system: System, readonly sink: ChildProcess, seen: Tally, readonly rounds: Round[], warmUp?: Phase }

export async function run (report: Report): Promise<void> {
  const go = await goCollector('storage')
  const mode = (process.env['TAPIO_BENCH_MODE'] ?? 'standard') as Mode
  const rounds = Number(process.env['TAPIO_BENCH_ROUNDS'] ?? 3)
  printMachine(report)
  report(`${'skip' in go ? `SKIP of the Go collector: ${go.skip}` : go.versions}; tapio ${mode}; ${rounds} rounds in turn, medians; queues of 256 MiB in ${diskFolder()}; load and sink share the cores`)
  const candidates = chosen([...tapioCandidates(mode), ...('skip' in go ? [] : goCandidates(go.binary))], 'TAPIO_BENCH_SYSTEMS')
  for (const c of chosen(cases, 'TAPIO_BENCH_CASES')) {
    report(`\n# ${c.name}`)
    printBound(report, c.spansPerRequest)
    report('')
    printCase(report, await measureCase(c, candidates, rounds))
  }
}

/** All, or those that an environment variable names. */
function chosen<T extends { readonly name: string }> (all: readonly T[], variable: string): readonly T[] {
  const wanted = process.env[variable]?.split(',')
  return wanted === undefined ? all : all.filter(item => wanted.includes(item.name))
}

async function measureCase (c: Case, candidates: readonly Candidate[], rounds: number): Promise<(Bay & { readonly peakMiB: number })[]> {
  const generator = fork(new URL('../collector/load.js', import.meta.url))
  const bays: Bay[] = []
  try {
    for (const candidate of candidates) {
      const sink = fork(new URL('../collector/sink.js', import.meta.url))
      const [ports] = await once(sink, 'message') as [SinkPorts]
      bays.push({ candidate, sink, system: await candidate.start(c, ports), seen: emptyTally, rounds: [] })
    }
    for (const bay of bays) {
      bay.warmUp = await phase(bay, generator, c, 0, seconds.warmUp)
      resetPeak(bay.system.pid)
    }
    for (let round = 0; round < rounds; round++) {
      for (const bay of bays) {
        const full = await phase(bay, generator, c, 0, seconds.saturation)
        bay.rounds.push({ full, half: await phase(bay, generator, c, full.load.spans / full.seconds / 2, seconds.paced) })
      }
    }
    return bays.map(bay => ({ ...bay, peakMiB: memoryMiB(bay.system.pid).peak }))
  } finally {
    for (const { system } of bays) await system.stop()
    for (const child of [generator, ...bays.map(b => b.sink)]) child.disconnect()
  }
}

function job (c: Case, { system }: Bay, spansPerSecond: number, seconds: number): LoadJob {
  const inFlight = 32
  return { protocol: c.protocol, port: system.port, gzip: false, spansPerRequest: c.spansPerRequest, connections: c.protocol === 'grpc' ? 4 : inFlight, inFlight, spansPerSecond, seconds }
}

/** From the first request until the sink has everything. */
async function phase (bay: Bay, generator: ChildProcess, c: Case, spansPerSecond: number, seconds: number): Promise<Phase> {
  const { pid } = bay.system
  const before = { cpu: cpuSeconds(pid), bytes: diskBytes(pid), ms: performance.now() }
  const load = await ask<LoadResult>(generator, job(c, bay, spansPerSecond, seconds))
  const wanted = bay.seen.spans + load.spans
  const got = await drained(bay.sink, wanted)
  const sameIds = got.sum === (bay.seen.sum + load.sum >>> 0)
  // What a phase lost is not counted against the next.
  bay.seen = got
  return { load, seconds: (performance.now() - before.ms) / 1000, cpuSeconds: cpuSeconds(pid) - before.cpu, writtenBytes: diskBytes(pid) - before.bytes, missing: wanted - got.spans, sameIds }
}

const heads = ['', 'spans/s', 'vs none', 'CPU-s/M spans', 'vs none', 'p50 ms at half', 'p99', 'written B/span', 'peak MiB', 'refused', 'delivered']

function printCase (report: Report, bays: readonly (Bay & { readonly peakMiB: number })[]): void {
  let base: Bay | undefined
  printTable(report, [heads, ...bays.map(bay => {
    if (bay.candidate.isBase) base = bay
    return line(bay, base)
  })])
}

function line (bay: Bay & { readonly peakMiB: number }, base: Bay | undefined): string[] {
  const ratio = (of: (r: Round) => number): string => base === undefined ? '' : `${(median(bay, of) / median(base, of)).toFixed(2)}x`
  const phases = [...(bay.warmUp === undefined ? [] : [bay.warmUp]), ...bay.rounds.flatMap(r => [r.full, r.half])]
  return [
    bay.candidate.name, rate(median(bay, perSecond)), ratio(perSecond), median(bay, cpuPerMillion).toFixed(2), ratio(cpuPerMillion),
    median(bay, r => r.half.load.p50Ms).toFixed(2), median(bay, r => r.half.load.p99Ms).toFixed(2),
    median(bay, r => r.full.writtenBytes / r.full.load.spans).toFixed(0), bay.peakMiB.toFixed(0),
    String(phases.reduce((n, p) => n + p.load.refused, 0)), delivered(phases)
  ]
}

function delivered (phases: readonly Phase[]): string {
  const missing = phases.reduce((n, p) => n + p.missing, 0)
  if (phases.some(p => p.missing !== 0)) return `${missing} MISSING`
  return phases.every(p => p.sameIds) ? '= sent' : 'WRONG IDS'
}

const perSecond = ({ full }: Round): number => full.load.spans / full.seconds
const cpuPerMillion = ({ full }: Round): number => full.cpuSeconds / full.load.spans * 1e6

function median ({ rounds }: Bay, of: (round: Round) => number): number {
  const sorted = rounds.map(of).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] as number
}
