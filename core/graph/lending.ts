/** What the components of one thread promise about the batches they get: whether they are done with them at the outcome, how many at once. */
import { componentId } from '../component/id.js'
import type { FindFactory, PipelinePlan, Plan } from './plan.js'

/**
 * Whether the processors of `p` from the `from`-th on and its exporters, as far as they are in `thread`, are done with a batch when its
 * outcome is known. `toRing`: the thread writes what comes in for `p` into a ring, where it is copied.
 */
export function borrowsFrom (plan: Plan, thread: string, find: FindFactory, p: PipelinePlan, from: number): boolean {
  const says = (kind: 'processor' | 'exporter', id: string): boolean => find(kind, componentId(kind, id).type)?.borrows === true
  const toRing = plan.rings.some(r => r.pipeline === p.id && r.side === 'in' && r.producers.includes(thread))
  if (!p.processors.slice(from, toRing ? p.early.length : p.processors.length).every(id => says('processor', id))) return false
  if (toRing) return true
  return p.toConnectors.length === 0 && (thread !== plan.deliverThread || p.realExporters.every(id => says('exporter', id)))
}

/** Whether all that batches of a ring meet in `thread` is done with them when their outcome is known. */
export function ringLends (plan: Plan, thread: string, find: FindFactory, pipeline: string, side: 'in' | 'out'): boolean {
  const p = plan.pipelines.find(q => q.id === pipeline)
  return p !== undefined && borrowsFrom(plan, thread, find, p, side === 'in' ? p.early.length : p.processors.length)
}

/** How many batches the exporters of a pipeline can use at once: as many as the one that can use most. */
export function parallelOf (plan: Plan, find: FindFactory, pipeline: string): number {
  const exporters = plan.pipelines.find(p => p.id === pipeline)?.realExporters ?? []
  return Math.max(1, ...exporters.map(id => {
    const config = plan.components.find(c => c.kind === 'exporter' && c.id === id)?.config
    return find('exporter', componentId('exporter', id).type)?.parallel?.(config) ?? 1
  }))
}
