/** The components of a plan one by one: what each thread hosts, and under which key it is the same one in another plan. */
import { isDeepStrictEqual } from 'node:util'
import type { Kind } from '../component/component.js'
import type { Plan, PipelinePlan } from './plan.js'
import type { Layer } from './layers.js'

export interface Instance {
  readonly thread: string
  readonly layer: Layer
  readonly kind: Kind
  readonly id: string
  /** Empty for what exists once a thread: receivers, exporters, connectors, extensions. */
  readonly pipeline: string
  /** Which of several of this id in one pipeline; nearly always 0. */
  readonly nth: number
}

/** The same in two plans when a component is in the same place. Without the thread: a key is looked up in one. */
export function keyOf ({ kind, id, pipeline, nth }: Pick<Instance, 'kind' | 'id' | 'pipeline' | 'nth'>): string {
  return `${kind}/${id} ${pipeline} ${nth}`
}

/** How many of the same id come before the processor at `index`. */
export function nthOf (processors: readonly string[], index: number): number {
  return processors.slice(0, index).filter(id => id === processors[index]).length
}

export function instancesOf (plan: Plan): readonly Instance[] {
  const once = (thread: string, layer: Layer, kind: Kind, ids: readonly string[]): Instance[] => ids.map(id => ({ thread, layer, kind, id, pipeline: '', nth: 0 }))
  const all = [
    ...once('main', 'extensions', 'extension', plan.extensions),
    ...plan.pipelines.flatMap(p => [
      ...once(plan.deliverThread, 'exporters', 'exporter', p.realExporters),
      ...p.processThreads.flatMap(thread => [...once(thread, 'processors', 'connector', p.toConnectors), ...processors(p, thread, 'processors')]),
      ...processors(p, p.receiveThread, 'early'),
      ...once(p.receiveThread, 'receivers', 'receiver', p.realReceivers)
    ])
  ]
  return [...new Map(all.map(i => [`${i.thread} ${keyOf(i)}`, i])).values()]
}

function processors (p: PipelinePlan, thread: string, layer: 'early' | 'processors'): Instance[] {
  return p.processors.flatMap((id, at) => (at < p.early.length) === (layer === 'early') ? [{ thread, layer, kind: 'processor' as const, id, pipeline: p.id, nth: nthOf(p.processors, at) }] : [])
}

/** The pipelines that begin with a connector, in the order of the plan: what its outputs are named after. */
export function startedBy (plan: Plan, connector: string): readonly string[] {
  return plan.pipelines.filter(p => p.fromConnectors.includes(connector)).map(p => p.id)
}

/** Whether a component has the same options in both plans, and is of the same build. */
export function sameConfig (before: Plan, after: Plan, kind: Kind, id: string): boolean {
  const of = (plan: Plan): unknown => {
    const found = plan.components.find(c => c.kind === kind && c.id === id)
    return [found?.config, found?.build]
  }
  return isDeepStrictEqual(of(before), of(after))
}
