/** What flows, for people: one line an edge with rates and totals, drops with their reasons. Redrawn in place on a terminal. */
import Table from 'cli-table3'
import pc from 'picocolors'
import type { Instance } from '../instance.js'
import type { MetricSnapshot, NumberSeries } from '../telemetry/snapshot.js'
import type { CommandIo } from './io.js'

/** Often enough to look alive, seldom enough to be read. */
const intervalMs = 1000

interface EdgeLine { readonly pipeline: string, readonly from: string, readonly to: string, sent: number, accepted: number, refused: number, dropped: number }

export class LiveSummary {
  readonly #live: boolean
  #timer: NodeJS.Timeout | undefined
  #drawnLines = 0
  #before: { edges: Map<string, EdgeLine>, atMs: number } | undefined

  constructor (readonly instance: Instance, readonly io: CommandIo, live = process.stdout.isTTY === true) {
    this.#live = live
  }

  start (): void {
    if (this.#live) this.#timer = setInterval(() => this.#redraw(), intervalMs)
  }

  /** The last figures, after the drain. */
  finish (): void {
    clearInterval(this.#timer)
    this.#redraw()
  }

  #redraw (): void {
    const snapshot = this.instance.snapshot()
    const edges = readEdges(snapshot)
    const seconds = this.#before === undefined ? 0 : (snapshot.atMs - this.#before.atMs) / 1000
    const text = render(edges, this.#before?.edges ?? new Map(), seconds, dropsOf(snapshot), pc.createColors(this.io.color))
    const up = this.#live && this.#drawnLines > 0 ? `\u001b[${this.#drawnLines}A\u001b[J` : ''
    this.io.out(up + text)
    this.#drawnLines = text.split('\n').length - 1
    this.#before = { edges, atMs: snapshot.atMs }
  }
}

/** Edges in the order of flow: receivers first, then by pipeline. */
export function readEdges (snapshot: MetricSnapshot): Map<string, EdgeLine> {
  const edges = new Map<string, EdgeLine>()
  const put = (name: string, field: 'sent' | 'accepted' | 'refused' | 'dropped'): void => {
    for (const { attributes: a, value } of numbers(snapshot, name)) {
      const key = `${a['pipeline']} ${a['from']} ${a['to']}`
      const line = edges.get(key) ?? { pipeline: a['pipeline'] ?? '', from: a['from'] ?? '', to: a['to'] ?? '', sent: 0, accepted: 0, refused: 0, dropped: 0 }
      line[field] += Number(value)
      edges.set(key, line)
    }
  }
  put('tapio_edge_sent_events_total', 'sent')
  put('tapio_edge_accepted_events_total', 'accepted')
  put('tapio_edge_rejected_events_total', 'refused')
  put('tapio_edge_retried_events_total', 'refused')
  put('tapio_edge_refused_events_total', 'refused')
  put('tapio_edge_dropped_events_total', 'dropped')
  const stage = (e: EdgeLine): number => e.from.startsWith('receiver/') ? 0 : e.to.startsWith('exporter/') ? 2 : 1
  return new Map([...edges].sort(([, a], [, b]) => stage(a) - stage(b) || (a.pipeline < b.pipeline ? -1 : 1)))
}

function dropsOf (snapshot: MetricSnapshot): string[] {
  return ['tapio_component_dropped_events_total', 'tapio_edge_dropped_events_total', 'tapio_ring_lost_events_total', 'tapio_worker_lost_events_total']
    .flatMap(name => numbers(snapshot, name))
    .filter(s => Number(s.value) > 0)
    .map(({ attributes: a, value }) => `${Number(value).toLocaleString('en')} ${a['reason'] ?? 'lost'} at ${a['component'] ?? a['ring'] ?? a['thread'] ?? `${a['from']} -> ${a['to']}`}`)
}

function numbers (snapshot: MetricSnapshot, name: string): readonly NumberSeries[] {
  const family = snapshot.families.find(f => f.name === name)
  return family?.kind === 'number' ? family.series : []
}

function render (edges: Map<string, EdgeLine>, before: Map<string, EdgeLine>, seconds: number, drops: readonly string[], c: ReturnType<typeof pc.createColors>): string {
  const table = new Table({
    head: ['pipeline', 'edge', 'events/s', 'sent', 'accepted', 'refused', 'dropped'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true }
  })
  for (const [key, e] of edges) {
    const rate = seconds > 0 ? (e.sent - (before.get(key)?.sent ?? 0)) / seconds : 0
    const alarm = (n: number): string => n > 0 ? c.red(n.toLocaleString('en')) : '0'
    table.push([e.pipeline, `${e.from} -> ${e.to}`, Math.round(rate).toLocaleString('en'), e.sent.toLocaleString('en'), c.green(e.accepted.toLocaleString('en')), alarm(e.refused), alarm(e.dropped)])
  }
  const lost = drops.length === 0 ? c.green('drops: none') : c.red(`drops: ${drops.join('; ')}`)
  return `${table.toString()}\n${lost}\n`
}
