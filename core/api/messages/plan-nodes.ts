/** The components of a plan, by the names that metrics and taps give them; its edges: core/graph/edges-of.ts. */
import type { Plan } from '../../graph/plan.js'

export interface PlanNode {
  /** `receiver/otlp`, `pipeline/main`. */
  readonly name: string
  readonly kind: 'receiver' | 'pipeline' | 'processor' | 'connector' | 'exporter'
  readonly id: string
  readonly pipelines: Set<string>
  readonly threads: Set<string>
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
  for (const p of [...plan.pipelines].reverse()) {
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
