/** A plan as nodes and edges, by the names that metrics and taps give them (core/graph/thread-graph.ts). */
import type { PipelinePlan, Plan } from '../../graph/plan.js'

export interface PlanEdge { readonly from: string, readonly to: string, readonly pipeline: string }

export interface PlanNode {
  /** `receiver/otlp`, `pipeline/main`. */
  readonly name: string
  readonly kind: 'receiver' | 'pipeline' | 'processor' | 'connector' | 'exporter'
  readonly id: string
  readonly pipelines: Set<string>
  readonly threads: Set<string>
}

/** Pipelines in the order of flow, each from its receivers to its exporters. */
export function planEdges (plan: Plan): PlanEdge[] { return inFlow(plan).flatMap(edgesOf) }

function edgesOf (p: PipelinePlan): PlanEdge[] {
  const sources = [...p.realReceivers.map(id => `receiver/${id}`), ...p.fromConnectors.map(id => `connector/${id}`)]
  const chain = [`pipeline/${p.id}`, ...p.processors.map(id => `processor/${id}`)]
  const targets = [...p.toConnectors.map(id => `connector/${id}`), ...p.realExporters.map(id => `exporter/${id}`)]
  const edge = (from: string, to: string): PlanEdge => ({ from, to, pipeline: p.id })
  return [
    ...sources.map(from => edge(from, chain[0] as string)),
    ...chain.slice(1).map((to, i) => edge(chain[i] as string, to)),
    ...targets.map(to => edge(chain.at(-1) as string, to))
  ]
}

/** Each component once, where the flow meets it first. */
export function planNodes (plan: Plan): PlanNode[] {
  const nodes = new Map<string, PlanNode>()
  const add = (kind: PlanNode['kind'], id: string, pipeline: string, threads: readonly string[]): void => {
    const name = `${kind}/${id}`
    const node = nodes.get(name) ?? { name, kind, id, pipelines: new Set(), threads: new Set() }
    nodes.set(name, node)
    node.pipelines.add(pipeline)
    for (const thread of threads) node.threads.add(thread)
  }
  for (const p of inFlow(plan)) {
    const middle = p.processThreads.length > 0 ? p.processThreads : [plan.deliverThread]
    for (const id of p.realReceivers) add('receiver', id, p.id, [p.receiveThread])
    for (const id of p.fromConnectors) add('connector', id, p.id, middle)
    add('pipeline', p.id, p.id, p.realReceivers.length > 0 ? [p.receiveThread] : middle)
    for (const id of p.early) add('processor', id, p.id, [p.receiveThread])
    for (const id of p.late) add('processor', id, p.id, middle)
    for (const id of p.toConnectors) add('connector', id, p.id, middle)
    for (const id of p.realExporters) add('exporter', id, p.id, [plan.deliverThread])
  }
  return [...nodes.values()]
}

const inFlow = (plan: Plan): PipelinePlan[] => [...plan.pipelines].reverse()
