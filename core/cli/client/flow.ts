/** Figures of running pipelines, summed as people ask for them. */
import type { DropCount, PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'

export interface PipelineFigures {
  readonly name: string
  /** A second: offered by its receivers, taken by its exporters. */
  readonly inPerSecond: number
  readonly outPerSecond: number
  /** So far: rows that nobody got. */
  readonly dropped: number
  /** `otlp`, in the order of flow: receivers, processors, exporters and connectors. */
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  readonly exporters: readonly string[]
}

export function pipelineFigures (state: PipelineState): PipelineFigures[] {
  return state.pipelines.map(name => {
    const edges = state.edges.filter(e => e.pipeline === name)
    const isStart = (component: string): boolean => component.startsWith('pipeline/')
    const isEnd = (component: string): boolean => /^(exporter|connector)\//.test(component)
    const idsOf = (names: readonly string[]): string[] => [...new Set(names.map(n => n.slice(n.indexOf('/') + 1)))]
    const rate = (of: typeof edges): number => of.reduce((sum, e) => sum + e.eventsPerSecond, 0)
    return {
      name,
      inPerSecond: rate(edges.filter(e => isStart(e.to))),
      outPerSecond: rate(edges.filter(e => isEnd(e.to))),
      dropped: edges.reduce((sum, e) => sum + eventsOf(e.drops), 0) + state.components.filter(c => c.pipelines.includes(name) && c.pipelines.length === 1).reduce((sum, c) => sum + eventsOf(c.drops), 0),
      receivers: idsOf(edges.filter(e => isStart(e.to)).map(e => e.from)),
      processors: idsOf(edges.map(e => e.to).filter(to => to.startsWith('processor/'))),
      exporters: idsOf(edges.filter(e => isEnd(e.to)).map(e => e.to))
    }
  })
}

export function eventsOf (drops: readonly DropCount[]): number { return drops.reduce((sum, d) => sum + Number(d.events), 0) }

export interface Drop {
  /** `exporter/otlp`, `receiver/otlp -> pipeline/main`, `ring main:in:process-0`. */
  readonly at: string
  readonly reason: string
  readonly events: number
}

/** Everything that ended on its way, by place and reason. */
export function dropsOf (state: PipelineState): Drop[] {
  return [
    ...state.components.flatMap(c => c.drops.map(d => ({ at: c.name, reason: d.reason, events: Number(d.events) }))),
    ...state.edges.flatMap(e => e.drops.map(d => ({ at: `${e.from} -> ${e.to}`, reason: d.reason, events: Number(d.events) }))),
    ...state.rings.map(r => ({ at: `ring ${r.id}`, reason: 'lost', events: Number(r.lostEvents) }))
  ].filter(d => d.events > 0)
}
