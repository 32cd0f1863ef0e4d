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
import type { Tally } from './count.js'
import type { LoadJob, LoadResult } from './load.js'
import { cpuSeconds, memoryMiB, resetPeak } from './process-stats.js'
import type { SinkPorts } from './sink.js'
import { goCandidate, tapioCandidate, type Candidate, type Case, type System } from './systems.js'

const cases: readonly Case[] = [
  { name: 'grpc-100', protocol: 'grpc', spansPerRequest: 100, gzip: false },
  { name: 'grpc-1000', protocol: 'grpc', spansPerRequest: 1000, gzip: false },
  { name: 'http-100', protocol: 'http', spansPerRequest: 100, gzip: false },
  { name: 'http-1000', protocol: 'http', spansPerRequest: 1000, gzip: false },
  { name: 'grpc-100-gzip', protocol: 'grpc', spansPerRequest: 100, gzip: true },
  { name: 'http-100-gzip', protocol: 'http', spansPerRequest: 100, gzip: true }
]

const modes: readonly Mode[] = ['standard', 'high-performance', 'ring-buffer']

/** A phase's length, and how often each is repeated. */
const seconds = { warmUp: 4, saturation: 5, paced: 5 }
const pacedSpansPerSecond = 40_000

interface Phase { readonly load: LoadResult, readonly cpuSeconds: number, readonly rssMiB: number, readonly delivered: boolean, readonly missing: number }
interface Round { readonly saturated: Phase, readonly paced: Phase }
interface Measured { readonly name: string, readonly rounds: readonly Round[], readonly peakMiB: number, readonly warmUpDelivered: boolean }

export async function run (report: Report): Promise<void> {
  const go = await goCollector('plain')
  if ('skip' in go) return report(`SKIP ${go.skip}`)
  printMachine(report)
  const rounds = Number(process.env.TAPIO_BENCH_ROUNDS ?? 3)
  report(`${go.versions}; batch 8192 rows / 200 ms in both; ${rounds} rounds in turn, medians; paced: ${pacedSpansPerSecond} spans/s; saturation shares the cores with load and sink`)
  const candidates = [goCandidate(go.binary), ...chosen(modes, 'TAPIO_BENCH_MODES', mode => mode).map(mode => tapioCandidate(mode))]
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
interface Bay { readonly system: System, readonly sink: ChildProcess, sent: Tally, rounds: Round[], warmUpDelivered: boolean }

async function measureCase (c: Case, candidates: readonly Candidate[], rounds: number): Promise<Measured[]> {
  const generator = fork(new URL('./load.js', import.meta.url))
  const bays: Bay[] = []
  try {
    for (const candidate of candidates) {
      const sink = fork(new URL('./sink.js', import.meta.url))
      const [ports] = await once(sink, 'message') as [SinkPorts]
      bays.push({ sink, system: await candidate.start(c, ports), sent: { spans: 0, sum: 0 }, rounds: [], warmUpDelivered: false })
    }
    for (const bay of bays) {
      bay.warmUpDelivered = (await phase(bay, generator, job(c, bay, 0, seconds.warmUp))).delivered
      resetPeak(bay.system.pid)
    }
    for (let round = 0; round < rounds; round++) {
      for (const bay of bays) {
        const saturated = await phase(bay, generator, job(c, bay, 0, seconds.saturation))
        bay.rounds.push({ saturated, paced: await phase(bay, generator, job(c, bay, pacedSpansPerSecond, seconds.paced)) })
      }
    }
    return bays.map(({ system, rounds, warmUpDelivered }) => ({ name: system.name, rounds, peakMiB: memoryMiB(system.pid).peak, warmUpDelivered }))
  } finally {
    for (const { system } of bays) await system.stop()
    for (const child of [generator, ...bays.map(b => b.sink)]) child.disconnect()
  }
}

function job (c: Case, { system }: Bay, spansPerSecond: number, seconds: number): LoadJob {
  const inFlight = c.spansPerRequest >= 1000 ? 16 : 32
  return { protocol: c.protocol, port: system.port, gzip: c.gzip, spansPerRequest: c.spansPerRequest, connections: c.protocol === 'grpc' ? 4 : inFlight, inFlight, spansPerSecond, seconds }
}

async function phase (bay: Bay, generator: ChildProcess, load: LoadJob): Promise<Phase> {
  const { pid } = bay.system
  const samples: number[] = []
  const sampler = setInterval(() => { samples.push(memoryMiB(pid).now) }, 200)
  const before = cpuSeconds(pid)
  const result = await ask<LoadResult>(generator, load)
  bay.sent = { spans: bay.sent.spans + result.spans, sum: bay.sent.sum + result.sum >>> 0 }
  const got = await drained(bay)
  const used = cpuSeconds(pid) - before
  clearInterval(sampler)
  const delivered = got.spans === bay.sent.spans && got.sum === bay.sent.sum
  const missing = bay.sent.spans - got.spans
  // What a phase lost is not counted against the next.
  bay.sent = got
  return { load: result, cpuSeconds: used, rssMiB: samples.reduce((n, s) => n + s, 0) / samples.length, delivered, missing }
}

const drainStallMs = 5000

/** The sink's tally once it has all that was sent, or when nothing has come for a while. */
async function drained ({ sink, sent }: Bay): Promise<Tally> {
  let tally = await ask<Tally>(sink, 'tally')
  let changedMs = performance.now()
  while (tally.spans < sent.spans && performance.now() - changedMs < drainStallMs) {
    await new Promise(resolve => setTimeout(resolve, 20))
    const next = await ask<Tally>(sink, 'tally')
    if (next.spans !== tally.spans) changedMs = performance.now()
    tally = next
  }
  return tally
}

async function ask<T> (child: ChildProcess, message: object | string): Promise<T> {
  const answer = once(child, 'message')
  child.send(message)
  const [found] = await answer as [T]
  return found
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
  const missing = phases.reduce((n, p) => n + p.missing, 0)
  return [
    m.name, rate(median(m, perCpuSaturated)), rate(median(m, perCpuPaced)), ratio(perCpuSaturated), ratio(perCpuPaced),
    rate(median(m, throughput)), ratio(throughput),
    median(m, r => r.saturated.rssMiB).toFixed(0), m.peakMiB.toFixed(0),
    median(m, r => r.paced.load.p50Ms).toFixed(2), median(m, r => r.paced.load.p99Ms).toFixed(2),
    String(phases.reduce((n, p) => n + p.load.refused, 0)),
    m.warmUpDelivered && phases.every(p => p.delivered) ? '= sent' : missing === 0 ? 'WRONG IDS' : `${missing} MISSING`
  ]
}

const perCpuSaturated = ({ saturated }: Round): number => saturated.load.spans / saturated.cpuSeconds
const perCpuPaced = ({ paced }: Round): number => paced.load.spans / paced.cpuSeconds
const throughput = ({ saturated }: Round): number => saturated.load.spans / saturated.load.seconds

function median ({ rounds }: Measured, of: (round: Round) => number): number {
  const sorted = rounds.map(of).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] as number
}
