/** One picture of `tapio graph --live`: each pipeline as a tree of what runs, with what flows, waits and is lost at each of its arrows. */
import type { PipelineComponent, PipelineEdge, PipelineState, Ring } from '../../api/gen/tapio/v1/runtime_pb.js'
import type { Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { number } from '../../story/words.js'
import { stateCell, statePaint } from './collectors.js'
import { columns, left, right, type Cell } from './columns.js'
import { bar, bytesText, load, msText, rateText } from './figures.js'
import type { LiveGraph, Queue } from './graph-live-state.js'
import { Losses, type Loss } from './losses.js'
import { cutPainted } from './painted.js'
import { headLines } from './top-picture.js'

export interface GraphLook {
  readonly where: string
  readonly colors: Colors
  /** Undefined: not a terminal, everything is shown. */
  readonly size: { readonly columns: number, readonly rows: number } | undefined
  /** Said in the last line instead of the keys. */
  readonly notice?: string
  /** The first line of pipelines that is shown. */
  readonly top?: number
}

/** A line of the table, or one below it that is as long as it is. */
type Line = readonly Cell[] | string

const nameWidth = 40
const barWidth = 12

export function graphPicture (graph: LiveGraph, before: LiveGraph | undefined, { where, colors, size, notice, top = 0 }: GraphLook): string[] {
  const head = headLines('graph --live', graph.state, { where, colors })
  const lines = bodyOf(graph, before, colors)
  if (size === undefined) return [...head, '', ...lines]
  const room = Math.max(1, size.rows - head.length - 2)
  const from = Math.min(top, Math.max(0, lines.length - room))
  const shown = lines.slice(from, from + room)
  const hidden = lines.length - shown.length
  const foot = colors.dim(notice ?? `q quit  p pause${hidden > 0 ? `  j k down, up: lines ${number(from + 1)} to ${number(from + shown.length)} of ${number(lines.length)}` : ''}`)
  return [...head, '', ...shown].slice(0, Math.max(1, size.rows - 1)).concat(foot).map(line => cutPainted(line, size.columns))
}

/** All pipelines under one head, so that figures stand below each other. */
function bodyOf ({ state, queues }: LiveGraph, before: LiveGraph | undefined, c: Colors): string[] {
  if (state.pipelines.length === 0) return ['No pipelines.']
  const view: View = { state, queues, losses: new Losses(state, before?.state), c, told: new Set() }
  const head = [left('PIPELINE', c.bold), ...['EVENTS/S', 'P99 MS', 'WAITING', 'LOST/S'].map(name => right(name, c.bold)), left('THREADS', c.bold), left('STATE', c.bold)]
  const lines: Line[] = [head, ...state.pipelines.flatMap((name, i) => [...(i === 0 ? [] : ['']), ...pipelineLines(name, view)])]
  const table = columns(lines.filter((line): line is readonly Cell[] => typeof line !== 'string'))
  return lines.map(line => typeof line === 'string' ? line : table.shift() as string)
}

interface View {
  readonly state: PipelineState
  readonly queues: ReadonlyMap<string, Queue>
  readonly losses: Losses
  readonly c: Colors
  /** Components whose own losses and queue were told: one that stands in several pipelines has them once. */
  readonly told: Set<string>
}

/** Receivers and connectors that bring, the processors, exporters and connectors that take: each with the arrow to or from it. */
function pipelineLines (name: string, view: View): Line[] {
  const { state, c } = view
  const start = `pipeline/${name}`
  const edges = state.edges.filter(e => e.pipeline === name)
  const into = edges.filter(e => e.to === start)
  const steps = edges.filter(e => e.to.startsWith('processor/'))
  const out = edges.filter(e => e.to !== start && !e.to.startsWith('processor/'))
  const rings = ringLines(name, steps, view)
  const isEnd = (i: number): boolean => out.length === 0 && i === steps.length - 1
  return [
    c.bold(printable(name, nameWidth)),
    ...into.flatMap((edge, i) => nodeLines(edge, edge.from, i === 0 ? '┌ ' : '├ ', '│ ', view)),
    ...lossLines(ownLosses(start, view), '│ ', view.c),
    ...steps.flatMap((edge, i) => [...rings.before(edge), ...nodeLines(edge, edge.to, isEnd(i) ? '└ ' : '├ ', isEnd(i) ? '  ' : '│ ', view)]),
    ...rings.last,
    ...out.flatMap((edge, i) => nodeLines(edge, edge.to, i === out.length - 1 ? '└→ ' : '├→ ', i === out.length - 1 ? '  ' : '│ ', view))
  ]
}

/** `turn`: the branch before its name; `stem`: what goes on below it. */
function nodeLines (edge: PipelineEdge, name: string, turn: string, stem: string, view: View): Line[] {
  const { state, losses, queues, c } = view
  const node = state.components.find(one => one.name === name)
  const queue = view.told.has(name) ? undefined : queues.get(name)
  const lost = [...losses.ofEdge(edge), ...ownLosses(name, view)]
  const perSecond = lost.reduce((sum, l) => sum + (l.perSecond ?? 0), 0)
  return [[
    left(`${turn}${printable(name, nameWidth)}`), right(rateText(edge.eventsPerSecond), edge.eventsPerSecond > 0 ? c.green : c.dim), right(msText(edge.latencyP99Ms)), right(number(edge.inFlightBatches)),
    right(rateText(perSecond), perSecond > 0 ? c.red : c.dim), left(threadsText(node), c.dim), node === undefined ? left('') : stateCell(node.state, '', c)
  ], ...(node === undefined || node.reason === '' ? [] : [`${stem}  ${statePaint(node.state, c)(printable(node.reason, 200))}`]), ...(queue === undefined ? [] : [`${stem}  queue ${gauge(queue.usedBytes, queue.capacityBytes, c)}`]), ...lossLines(lost, stem, c)]
}

function ownLosses (name: string, { state, losses, told }: View): Loss[] {
  const node = state.components.find(one => one.name === name)
  if (node === undefined || told.has(name)) return []
  // Processors are made anew for each pipeline but counted under one name.
  told.add(name)
  return losses.ofComponent(name, node.drops)
}

function lossLines (lost: readonly Loss[], stem: string, c: Colors): string[] {
  return [...lost].sort((a, b) => (b.perSecond ?? 0) - (a.perSecond ?? 0) || b.events - a.events).map(({ reason, events, perSecond = 0 }) => {
    const text = `${printable(reason, nameWidth)} ${perSecond > 0 ? `${rateText(perSecond)}/s, ` : ''}${number(events)} so far`
    return `${stem}  ${(perSecond > 0 ? c.red : c.dim)(`lost: ${text}`)}`
  })
}

/** The memory between two threads, before what reads it. Those of one side of a pipeline are one line: the fullest of them. */
function ringLines (pipeline: string, steps: readonly PipelineEdge[], view: View): { before(edge: PipelineEdge): string[], readonly last: string[] } {
  const { state, c, losses } = view
  const threadsOf = (name: string): readonly string[] => state.components.find(one => one.name === name)?.threads ?? []
  const places = new Map<PipelineEdge | undefined, Ring[]>()
  for (const ring of state.rings.filter(r => r.pipeline === pipeline)) {
    // The first step of its reader that is not one of its writers' too.
    const reader = steps.find(({ to }) => threadsOf(to).includes(ring.to) && !ring.from.some(thread => threadsOf(to).includes(thread)))
    places.set(reader, [...places.get(reader) ?? [], ring])
  }
  const lineOf = (rings: readonly Ring[] = []): string[] => {
    const share = (r: Ring): number => Number(r.usedBytes) / Math.max(1, Number(r.capacityBytes))
    const [fullest] = [...rings].sort((a, b) => share(b) - share(a))
    if (fullest === undefined) return []
    const from = [...new Set(rings.flatMap(r => r.from))]
    const what = rings.length === 1 ? 'ring' : `${number(rings.length)} rings, the fullest`
    return [
      `│   ${c.dim(`═ ${what}`)} ${gauge(Number(fullest.usedBytes), Number(fullest.capacityBytes), c)} ${c.dim(`${listText(from)} → ${listText(rings.map(r => r.to))}`)}`,
      ...lossLines(rings.flatMap(r => losses.ofRing(r.id, r.lostEvents)), '│ ', c)
    ]
  }
  return { before: edge => lineOf(places.get(edge)), last: lineOf(places.get(undefined)) }
}

function gauge (used: number, capacity: number, c: Colors): string {
  const share = used / Math.max(1, capacity)
  return `${load(share, c)(bar(share, barWidth))} ${Math.round(share * 100)} % of ${bytesText(capacity)}`
}

const threadsText = (node: PipelineComponent | undefined): string => listText(node?.threads ?? [])

/** `main`, `process-0 … process-7`. */
function listText (names: readonly string[]): string {
  const shown = names.map(name => printable(name, 24))
  return shown.length > 2 ? `${shown[0]} … ${shown.at(-1)}` : shown.join(', ')
}
