/** Where a component of a plan lives, and which components answer a question. */
import { componentId } from '../component/id.js'
import type { Question } from '../component/questions.js'
import type { FindFactory, PipelinePlan, Plan } from './plan.js'
import type { ComponentSpec } from './spec.js'

/** The thread of `exporter/store`; of a replicated processor, that of its first replica. Undefined when the plan has no such component. */
export function threadOf (plan: Plan, name: string): string | undefined {
  const at = name.indexOf('/')
  const [kind, id] = [name.slice(0, at), name.slice(at + 1)]
  const firstIn = (which: (p: PipelinePlan) => string | undefined): string | undefined => plan.pipelines.map(which).find(thread => thread !== undefined)
  switch (kind) {
    case 'receiver': return firstIn(p => p.realReceivers.includes(id) ? p.receiveThread : undefined)
    case 'processor': return firstIn(p => p.early.includes(id) ? p.receiveThread : p.late.includes(id) ? p.processThreads[0] : undefined)
    case 'connector': return firstIn(p => p.toConnectors.includes(id) ? p.processThreads[0] : undefined)
    case 'exporter': return firstIn(p => p.realExporters.includes(id) ? plan.deliverThread : undefined)
    case 'extension': return plan.extensions.includes(id) ? 'main' : undefined
    default: return undefined
  }
}

/** Names in the order of the configuration: `exporter/store`. */
export function answering (plan: Plan, find: FindFactory, question: Question): readonly string[] {
  const answers = ({ kind, id }: ComponentSpec): boolean => find(kind, componentId(kind, id).type)?.answers?.includes(question) === true
  return plan.components.filter(c => answers(c) && threadOf(plan, `${c.kind}/${c.id}`) !== undefined).map(c => `${c.kind}/${c.id}`)
}
