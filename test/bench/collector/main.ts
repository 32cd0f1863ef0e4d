/**
 * Tapio beside the OpenTelemetry Collector: the same load, the same sink, the same machine, taking turns in one run.
 *
 * A case starts all systems and warms them up; then, round after round, each system in turn is driven at saturation and at
 * a fixed rate, alone. CPU is that of the whole process from the first request until the sink has everything.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Mode } from '../../../core/config/modes.js'
import { goCollector } from '../../peers/go-collector.js'
import { printMachine, printTable, rate, type Report } from '../report.js'
import { emptyTally, type Tally } from './count.js'
import { ask, drained } from './drive.js'
import type { LoadJob, LoadResult } from './load.js'
import { cpuSeconds, memoryMiB, resetPeak } from './process-stats.js'
import type { SinkPorts } from './sink.js'
import { startCluster } from './cluster.js'
import { goCandidate, tapioCandidate, type Candidate, type Case, type System } from './systems.js'

const cases: readonly Case[] = [
  { name: 'grpc-100', protocol: 'grpc', spansPerRequest: 100, gzip: false },
  { name: 'grpc-1000', protocol: 'grpc', spansPerRequest: 1000, gzip: false },
  { name: 'http-100', protocol: 'http', spansPerRequest: 100, gzip: false },
  { name: 'http-1000', protocol: 'http', spansPerRequest: 1000, gzip: false },
  { name: 'grpc-100-gzip', protocol: 'grpc', spansPerRequest: 100, gzip: true },
  { name: 'http-100-gzip', protocol: 'http', spansPerRequest: 100, gzip: true },
  { name: 'grpc-100-k8s', protocol: 'grpc', spansPerRequest: 100, gzip: false, enriched: true },
  { name: 'http-100-k8s', protocol: 'http', spansPerRequest: 100, gzip: false, enriched: true }
]

const modes: readonly Mode[] = ['standard', 'high-performance', 'ring-buffer']

/** A phase's length, and how often each is repeated. */
const seconds = { warmUp: 4, saturation: 5, paced: 5 }
const pacedSpansPerSecond = 40_000

interface Phase { readonly load: LoadResult, readonly cpuSeconds: number, readonly rssMiB: number, readonly missing: number, readonly sameIds: boolean, readonly notEnriched: number }
interface Round { readonly saturated: Phase, readonly paced: Phase }
interface Measured { readonly name: string, readonly rounds: readonly Round[], readonly peakMiB: number, readonly warmUp: Phase }

export async function run (report: Report): Promise<void> {
  const [plain, k8s] = [await goCollector('plain'), await goCollector('k8s')]
  if ('skip' in plain) return report(`SKIP ${plain.skip}`)
  if ('skip' in k8s) return report(`SKIP ${k8s.skip}`)
  printMachine(report)
  const rounds = Number(process.env.TAPIO_BENCH_ROUNDS ?? 3)
  report(`${plain.versions}; batch 8192 rows / 200 ms in both; ${rounds} rounds in turn, medians; paced: ${pacedSpansPerSecond} spans/s; saturation shares the cores with load and sink`)
  const candidates = [goCandidate({ plain: plain.binary, k8s: k8s.binary }), ...chosen(modes, 'TAPIO_BENCH_MODES', mode => mode).map(mode => tapioCandidate(mode))]
  for (const c of chosen(cases, 'TAPIO_BENCH_CASES', c => c.name)) {
    report('')
    printCase(report, c, await measureCase(c, candidates, rounds))
  }
}

/** All, or those that an environment variable names. */
function chosen<T> (all: readonly T[], variable: string, nameOf: (item: T) => string): readonly T[] {
  const wanted = process.env[variable]?.split(',')
  return wanted === undefined ? all : all.filter(item => wanted.includes(nameOf(item)))
}

/** A sink each: a system that still drains must not show up in another's tally. */
interface Bay { readonly system: System, readonly sink: ChildProcess, seen: Tally, rounds: Round[], warmUp: Phase | undefined }

async function measureCase (c: Case, candidates: readonly Candidate[], rounds: number): Promise<Measured[]> {
  const generator = fork(new URL('./load.js', import.meta.url))
  const cluster = c.enriched === true ? await startCluster() : undefined
  const bays: Bay[] = []
  try {
    for (const candidate of candidates) {
      const sink = fork(new URL('./sink.js', import.meta.url))
      const [ports] = await once(sink, 'message') as [SinkPorts]
      bays.push({ sink, system: await candidate.start(c, ports, cluster?.kubeconfig), seen: emptyTally, rounds: [], warmUp: undefined })
    }
    for (const bay of bays) {
      bay.warmUp = await phase(bay, generator, c, 0, seconds.warmUp)
      resetPeak(bay.system.pid)
    }
    for (let round = 0; round < rounds; round++) {
      for (const bay of bays) {
        const saturated = await phase(bay, generator, c, 0, seconds.saturation)
        bay.rounds.push({ saturated, paced: await phase(bay, generator, c, pacedSpansPerSecond, seconds.paced) })
      }
    }
    return bays.map(({ system, rounds, warmUp }) => ({ name: system.name, rounds, peakMiB: memoryMiB(system.pid).peak, warmUp: warmUp as Phase }))
  } finally {
    for (const { system } of bays) await system.stop()
    for (const child of [generator, ...bays.map(b => b.sink)]) child.disconnect()
    await cluster?.stop()
  }
}

function job (c: Case, { system }: Bay, spansPerSecond: number, seconds: number): LoadJob {
  const inFlight = c.spansPerRequest >= 1000 ? 16 : 32
  return { protocol: c.protocol, port: system.port, gzip: c.gzip, spansPerRequest: c.spansPerRequest, connections: c.protocol === 'grpc' ? 4 : inFlight, inFlight, spansPerSecond, seconds }
}

async function phase (bay: Bay, generator: ChildProcess, c: Case, spansPerSecond: number, seconds: number): Promise<Phase> {
  const { pid } = bay.system
  const samples: number[] = []
  const sampler = setInterval(() => { samples.push(memoryMiB(pid).now) }, 200)
  const before = cpuSeconds(pid)
  const load = await ask<LoadResult>(generator, job(c, bay, spansPerSecond, seconds))
  const wanted = bay.seen.spans + load.spans
  const got = await drained(bay.sink, wanted)
  const used = cpuSeconds(pid) - before
  clearInterval(sampler)
  const sameIds = got.sum === (bay.seen.sum + load.sum >>> 0)
  const notEnriched = c.enriched === true ? (got.spans - bay.seen.spans) - (got.enriched - bay.seen.enriched) : 0
  // What a phase lost is not counted against the next.
  bay.seen = got
  return { load, cpuSeconds: used, rssMiB: samples.reduce((n, s) => n + s, 0) / samples.length, missing: wanted - got.spans, sameIds, notEnriched }
}

const heads = ['', 'spans/CPU-s saturated', 'paced', 'vs otelcol', '', 'spans/s', 'vs', 'RSS mean', 'peak MiB', 'p50 ms', 'p99', 'refused', 'delivered']

function printCase (report: Report, c: Case, measured: readonly Measured[]): void {
  const base = measured[0] as Measured
  report(`# ${c.name}`)
  printTable(report, [heads, ...measured.map(m => line(m, base))])
}

function line (m: Measured, base: Measured): string[] {
  const ratio = (of: (r: Round) => number): string => `${(median(m, of) / median(base, of)).toFixed(2)}x`
  const phases = m.rounds.flatMap(r => [r.saturated, r.paced])
  return [
    m.name, rate(median(m, perCpuSaturated)), rate(median(m, perCpuPaced)), ratio(perCpuSaturated), ratio(perCpuPaced),
    rate(median(m, throughput)), ratio(throughput),
    median(m, r => r.saturated.rssMiB).toFixed(0), m.peakMiB.toFixed(0),
    median(m, r => r.paced.load.p50Ms).toFixed(2), median(m, r => r.paced.load.p99Ms).toFixed(2),
    String(phases.reduce((n, p) => n + p.load.refused, 0)),
    delivered([m.warmUp, ...phases])
  ]
}

function delivered (phases: readonly Phase[]): string {
  const sum = (of: (p: Phase) => number): number => phases.reduce((n, p) => n + of(p), 0)
  if (sum(p => Math.abs(p.missing)) > 0) return `${sum(p => p.missing)} MISSING`
  if (!phases.every(p => p.sameIds)) return 'WRONG IDS'
  return sum(p => p.notEnriched) > 0 ? `${sum(p => p.notEnriched)} NOT ENRICHED` : '= sent'
}

const perCpuSaturated = ({ saturated }: Round): number => saturated.load.spans / saturated.cpuSeconds
const perCpuPaced = ({ paced }: Round): number => paced.load.spans / paced.cpuSeconds
const throughput = ({ saturated }: Round): number => saturated.load.spans / saturated.load.seconds

function median ({ rounds }: Measured, of: (round: Round) => number): number {
  const sorted = rounds.map(of).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] as number
}
