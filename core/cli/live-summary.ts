/** What flows, for people: one line an edge with rates and totals, drops with their reasons. Redrawn in place on a terminal. */
import Table from 'cli-table3'
import pc from 'picocolors'
import type { Plan } from '../graph/plan.js'
import type { Instance } from '../instance.js'
import type { MetricSnapshot, NumberSeries } from '../telemetry/snapshot.js'
import type { CommandIo } from './io.js'

/** Often enough to look alive, seldom enough to be read. */
const intervalMs = 1000

interface EdgeLine { readonly pipeline: string, readonly from: string, readonly to: string, sent: number, accepted: number, refused: number, dropped: number }

export class LiveSummary {
  readonly #live: boolean
  #startedMs = 0
  #timer: NodeJS.Timeout | undefined
  #drawnLines = 0
  #before: { edges: Map<string, EdgeLine>, atMs: number } | undefined

  constructor (readonly instance: Instance, readonly io: CommandIo, live = process.stdout.isTTY === true) {
    this.#live = live
  }

  start (): void {
    this.#startedMs = performance.now()
    if (!this.#live) return
    this.#redraw()
    this.#timer = setInterval(() => this.#redraw(), intervalMs)
  }

  /** The last figures, after the drain. */
  finish (): void {
    clearInterval(this.#timer)
    this.#redraw(true)
  }

  #redraw (last = false): void {
    const snapshot = this.instance.snapshot()
    const edges = readEdges(snapshot, edgeOrder(this.instance.plan))
    // The last picture shows the mean over the whole run: at the end nothing flows any more.
    const since = last ? undefined : this.#before
    const seconds = (snapshot.atMs - (since?.atMs ?? this.#startedMs)) / 1000
    const text = render(edges, since?.edges ?? new Map(), seconds, dropsOf(snapshot), pc.createColors(this.io.color))
    const up = this.#live && this.#drawnLines > 0 ? `\r\u001b[${this.#drawnLines}A\u001b[J` : ''
    this.io.out(up + text)
    this.#drawnLines = text.split('\n').length - 1
    this.#before = { edges, atMs: snapshot.atMs }
  }
}

/** Edges pipeline by pipeline, in the order of flow: `order` is what `edgeOrder` made of the plan. */
export function readEdges (snapshot: MetricSnapshot, order: readonly string[]): Map<string, EdgeLine> {
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
  const place = (key: string): number => { const at = order.indexOf(key); return at < 0 ? order.length : at }
  return new Map([...edges].sort(([a], [b]) => place(a) - place(b)))
}

/** The keys of all edges a plan can have, from receivers to exporters. */
export function edgeOrder (plan: Plan): string[] {
  return [...plan.pipelines].reverse().flatMap(p => {
    const steps = [`pipeline/${p.id}`, ...p.processors.map(id => `processor/${id}`)]
    const into = [...p.realReceivers.map(id => `receiver/${id}`), ...p.fromConnectors.map(id => `connector/${id}`)].map(from => `${p.id} ${from} ${steps[0]}`)
    const within = steps.slice(1).map((to, i) => `${p.id} ${steps[i]} ${to}`)
    const out = [...p.toConnectors.map(id => `connector/${id}`), ...p.realExporters.map(id => `exporter/${id}`)].map(to => `${p.id} ${steps.at(-1)} ${to}`)
    return [...into, ...within, ...out]
  })
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
