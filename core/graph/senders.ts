/** Whether those whose rows reach a place can be asked to bring them later. */
import { componentId } from '../component/id.js'
import type { FindFactory, Plan } from './plan.js'

export function canWait (find: FindFactory, receiver: string): boolean {
  return find('receiver', componentId('receiver', receiver).type)?.cannotWait !== true
}

/** Of all receivers of a pipeline, and of those whose rows come through connectors: pipelines never form a circle. True of none. */
export function sendersCanWait (plan: Plan, find: FindFactory, pipeline: string): boolean {
  const p = plan.pipelines.find(q => q.id === pipeline)
  if (p === undefined) return true
  const before = plan.pipelines.filter(q => q.toConnectors.some(c => p.fromConnectors.includes(c)))
  return p.realReceivers.every(id => canWait(find, id)) && before.every(q => sendersCanWait(plan, find, q.id))
}
