/** One picture of `tapio top`: the flow of an interval as lines, cut to the terminal. */
import type { PipelineEdge, PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'
import type { Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { number, shortDuration } from '../../story/words.js'
import { columns, left, right, type Cell } from './columns.js'
import { timeText } from './event-line.js'
import { bar, bytesText, load, msText, rateText } from './figures.js'
import { cutPainted } from './painted.js'
import { dropsOf, eventsOf } from './flow.js'

export const sortings = ['flow', 'rate', 'p99', 'in flight', 'drops'] as const
export type Sorting = (typeof sortings)[number]

export interface Look {
  readonly where: string
  readonly colors: Colors
  readonly sorting: Sorting
  /** Undefined: not a terminal, everything is shown. */
  readonly size: { readonly columns: number, readonly rows: number } | undefined
  /** Said in the last line instead of the keys. */
  readonly notice?: string
}

const barWidth = 16
const maxDrops = 8

/** `before`: the picture before this one, for the drops of the interval. */
export function pictureOf (state: PipelineState, before: PipelineState | undefined, look: Look): string[] {
  const { colors: c, size } = look
  const head = headLines('top', state, look)
  const drops = dropLines(state, before, c)
  const rings = ringLines(state, c)
  const threads = threadLines(state, c)
  const rest = [rings, threads, drops].filter(lines => lines.length > 0).flatMap(lines => ['', ...lines])
  const foot = size === undefined ? [] : [c.dim(look.notice ?? `q quit  p pause  s sort (by ${look.sorting})`)]
  const edges = edgeLines(state, look)
  if (size === undefined) return [...head, '', ...edges, ...rest]
  // Edges give way first: there may be hundreds of them, and what is full or lost is told below.
  const room = Math.max(4, size.rows - head.length - 1 - rest.length - foot.length)
  const shownEdges = edges.length <= room ? edges : [...edges.slice(0, room - 1), c.dim(`… ${number(edges.length - room + 1)} more`)]
  const lines = [...head, '', ...shownEdges, ...rest].slice(0, size.rows - foot.length)
  return [...lines, ...foot].map(line => cutPainted(line, size.columns))
}

/** `command`: whose picture it is. */
export function headLines (command: string, state: PipelineState, { where, colors: c }: Pick<Look, 'where' | 'colors'>): string[] {
  const { process, mode, window } = state
  const seconds = window === undefined ? 0 : Number(window.seconds) + window.nanos / 1e9
  const first = `${c.bold(`tapio ${command}`)} ${printable(where, 80)}  mode ${printable(mode)}  ${timeText(state.time).slice(11, 19)} UTC  over ${shortDuration(seconds * 1000)}`
  if (process === undefined) return [first]
  return [first, `process: ${process.cpuCores.toFixed(2)} cores, ${bytesText(Number(process.rssBytes))} resident, up ${shortDuration(process.uptimeSeconds * 1000)}`]
}

const lostOf = (edge: PipelineEdge): number => eventsOf(edge.drops) + Number(edge.rejected)

const orders: Readonly<Record<Sorting, ((edge: PipelineEdge) => number) | undefined>> = {
  flow: undefined, rate: e => e.eventsPerSecond, p99: e => e.latencyP99Ms, 'in flight': e => e.inFlightBatches, drops: lostOf
}

function edgeLines ({ edges }: PipelineState, { colors: c, sorting }: Look): string[] {
  const order = orders[sorting]
  const sorted = order === undefined ? edges : [...edges].sort((a, b) => order(b) - order(a))
  const head = [left('PIPELINE', c.bold), left('EDGE', c.bold), ...['EVENTS/S', 'P50 MS', 'P99 MS', 'IN FLIGHT', 'SENT', 'AGAIN', 'REJECTED', 'DROPPED'].map(name => right(name, c.bold))]
  const alarm = (n: number): Cell => right(number(n), n > 0 ? c.red : c.dim)
  return columns([head, ...sorted.map(e => [
    left(printable(e.pipeline, 24), c.dim), left(printable(`${e.from} -> ${e.to}`, 80)),
    right(rateText(e.eventsPerSecond), e.eventsPerSecond > 0 ? c.green : c.dim), right(msText(e.latencyP50Ms)), right(msText(e.latencyP99Ms)),
    right(number(e.inFlightBatches)), right(number(Number(e.sent))), right(number(Number(e.retried + e.refused)), e.retried + e.refused > 0n ? c.yellow : c.dim),
    alarm(Number(e.rejected)), alarm(eventsOf(e.drops))
  ])])
}

function ringLines ({ rings }: PipelineState, c: Colors): string[] {
  if (rings.length === 0) return []
  return columns([[left('RING', c.bold), left('FILL', c.bold), right(''), right('USED', c.bold), right('OF', c.bold), right('LOST', c.bold)], ...rings.map(r => {
    const share = Number(r.usedBytes) / Math.max(1, Number(r.capacityBytes))
    return [left(printable(r.id, 60)), left(bar(share, barWidth), load(share, c)), right(`${Math.round(share * 100)} %`), right(bytesText(Number(r.usedBytes))), right(bytesText(Number(r.capacityBytes))), right(number(Number(r.lostEvents)), r.lostEvents > 0n ? c.red : c.dim)]
  })])
}

function threadLines ({ threads }: PipelineState, c: Colors): string[] {
  if (threads.length === 0) return []
  return columns([[left('THREAD', c.bold), left('BUSY', c.bold), right(''), right('DELAY P99 MS', c.bold), right('HEAP', c.bold)], ...threads.map(t => [
    left(printable(t.name, 60)), left(bar(t.utilization, barWidth), load(t.utilization, c)), right(`${Math.round(t.utilization * 100)} %`), right(msText(t.delayP99Ms)), right(bytesText(Number(t.heapBytes)))
  ])])
}

/** Most of the interval first, then most at all. */
function dropLines (state: PipelineState, before: PipelineState | undefined, c: Colors): string[] {
  const earlier = new Map(before === undefined ? [] : dropsOf(before).map(d => [`${d.at} ${d.reason}`, d.events]))
  const drops = dropsOf(state).map(d => ({ ...d, now: before === undefined ? 0 : Math.max(0, d.events - (earlier.get(`${d.at} ${d.reason}`) ?? 0)) }))
    .sort((a, b) => b.now - a.now || b.events - a.events)
  if (drops.length === 0) return [`${c.bold('DROPS')}  ${c.green('none')}`]
  return [
    ...columns([[left('DROPS', c.bold), right('NOW', c.bold), right('SO FAR', c.bold), left('AT', c.bold)], ...drops.slice(0, maxDrops).map(d => [left(printable(d.reason, 40)), right(number(d.now), d.now > 0 ? c.red : c.dim), right(number(d.events)), left(printable(d.at, 120))])]),
    ...(drops.length > maxDrops ? [c.dim(`… ${number(drops.length - maxDrops)} more`)] : [])
  ]
}
