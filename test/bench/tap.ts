/**
 * What taps cost an edge: nothing while nobody taps, and how much for a fair sample, with filters and with many taps. Batches of 1000
 * rows that have been read, a next component that takes them at once: the edge is all there is.
 * `npm run bench -- tap`; about 15 s of CPU.
 */
import { systemClock } from '../../core/component/clock.js'
import type { Consumer } from '../../core/component/component.js'
import { accepted, type Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Edge, type EdgeRecorder } from '../../core/graph/edge.js'
import type { TapFilter } from '../../core/graph/tap.js'
import { ThreadTaps } from '../../core/graph/thread-taps.js'
import { silentLogger } from '../../core/testing/services.js'
import { templateBatch } from '../../core/testing/template-batch.js'
import { EdgeMetrics } from '../../core/telemetry/edges.js'
import { ThreadMeters } from '../../core/telemetry/registry.js'
import { createSlab } from '../../core/telemetry/slab.js'
import { printMachine, printTable, secondsPerCall, type Report } from './report.js'

const ends = { from: 'receiver/a', to: 'exporter/b', pipeline: 'p' }
const batchRows = 1000
/** Windows of the two that are compared take turns, so that the machine's moods meet both. */
const rounds = 15

/** What Edge does, less the look whether somebody taps. */
class UntappableEdge implements Consumer {
  constructor (readonly target: Consumer, readonly recorder: EdgeRecorder, readonly trace = false) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (batch.count === 0) return accepted
    const startedMs = performance.now()
    this.recorder.begin(batch.count)
    try {
      const answer = this.target.consume(batch)
      if (!(answer instanceof Promise)) return this.#done(answer, batch.count, startedMs)
      return answer.then(outcome => this.#done(outcome, batch.count, startedMs))
    } catch {
      return accepted
    }
  }

  #done (outcome: Outcome, rows: number, startedMs: number): Outcome {
    const tookMs = performance.now() - startedMs
    this.recorder.end(outcome, rows, tookMs / 1000)
    if (this.trace) silentLogger.debug('batch', { rows })
    return outcome
  }
}

const taps: readonly (readonly [string, number, number, TapFilter])[] = [
  ['one tap, 10 rows a second', 1, 10, {}],
  ['one tap, 1000 rows a second', 1, 1000, {}],
  ['one tap, severity error', 1, 10, { minSeverity: 17 }],
  ['one tap, one name', 1, 10, { names: ['event-3'] }],
  ['one tap, text that no row has', 1, 10, { text: 'nowhere' }],
  ['one tap, another signal', 1, 10, { signals: ['traces'] }],
  ['32 taps, 10 rows a second', 32, 10, {}]
]

export async function run (report: Report): Promise<void> {
  report('# tap')
  printMachine(report)
  const taker: Consumer = { consume: () => accepted }
  const edge = new Edge('receiver/a -> exporter/b', taker, recorder(), silentLogger)
  const twin = new UntappableEdge(taker, recorder())
  const batch = templateBatch(batchRows)
  const untapped: number[] = []
  const untappable: number[] = []
  for (let i = 0; i < rounds; i++) {
    untappable.push(secondsPerCall(() => { void twin.consume(batch) }, 1))
    untapped.push(secondsPerCall(() => { void edge.consume(batch) }, 1))
  }
  const [base, control] = [median(untapped), median(untappable)]
  const rows = [['a batch of 1000 rows', 'us', 'ratio'], ['an edge that cannot be tapped', us(control), (control / base).toFixed(2)], ['an edge that nobody taps', us(base), '1.00']]
  for (const [name, count, rate, filter] of taps) rows.push([name, ...await tapped(edge, batch, count, rate, filter, base)])
  printTable(report, rows)
}

/** Real time passes between the windows, as the reader takes reports and tokens come with it. */
async function tapped (edge: Edge, batch: EventBatch, count: number, rate: number, filter: TapFilter, base: number): Promise<string[]> {
  const all: ThreadTaps = new ThreadTaps({ edges: [{ edge, ends }], clock: systemClock, logger: silentLogger, tapped: id => all.read(id) })
  for (let id = 0; id < count; id++) all.begin(id, { edge: '', filter, maxEventsPerSecond: rate })
  const seconds: number[] = []
  for (let i = 0; i < 8; i++) {
    seconds.push(secondsPerCall(() => { void edge.consume(batch) }, 1))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  all.endAll()
  return [us(median(seconds)), (median(seconds) / base).toFixed(2)]
}

function recorder (): EdgeMetrics {
  return new EdgeMetrics(new ThreadMeters(createSlab(), () => undefined, { logger: silentLogger }).meterFor({}), ends)
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number
const us = (seconds: number): string => (seconds * 1e6).toFixed(2)
