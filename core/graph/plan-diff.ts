/**
 * What becomes of each part of a running graph under another plan. Pure, so that every rule can be a line in a table of tests.
 *
 * A component is `kept` when its type, its options and its place are the same: thread, layer and pipeline. What comes after it may
 * differ: its outlet is turned. `changed` = the same place, other options: the old one stops before the new one starts, as both may
 * need one port or one file.
 */
import { isDeepStrictEqual } from 'node:util'
import { componentId } from '../component/id.js'
import { instancesOf, keyOf, sameConfig, startedBy, type Instance } from './instances.js'
import type { FindFactory, PipelinePlan, Plan } from './plan.js'

export type Change = 'kept' | 'changed' | 'added' | 'removed'

export interface InstanceChange extends Instance { readonly change: Change }

export interface PlanDiff {
  readonly instances: readonly InstanceChange[]
  readonly pipelines: ReadonlyMap<string, Change>
  /** By id. A changed ring is a new one: the old one is drained. */
  readonly rings: ReadonlyMap<string, Change>
  readonly threads: ReadonlyMap<string, 'kept' | 'added' | 'removed'>
  /** By thread, then by `keyOf`. */
  readonly kept: ReadonlyMap<string, ReadonlySet<string>>
  /** Nothing is other than it was. */
  readonly isEmpty: boolean
}

export function planDiff (before: Plan, after: Plan, find: FindFactory): PlanDiff {
  const instances = withSharers(instanceChanges(before, after), find)
  const kept = new Map<string, Set<string>>()
  for (const i of instances) if (i.change === 'kept') kept.set(i.thread, (kept.get(i.thread) ?? new Set()).add(keyOf(i)))
  const byId = <T extends { readonly id: string }>(list: readonly T[]): Map<string, T> => new Map(list.map(item => [item.id, item]))
  const pipelines = changes(byId(before.pipelines), byId(after.pipelines), isDeepStrictEqual)
  const rings = changes(byId(before.rings), byId(after.rings), isDeepStrictEqual)
  const named = (list: readonly string[]): Map<string, string> => new Map(list.map(name => [name, name]))
  const threads = changes(named(before.threads), named(after.threads), () => true) as PlanDiff['threads']
  const isSame = [...pipelines.values(), ...rings.values(), ...threads.values(), ...instances.map(i => i.change)].every(c => c === 'kept')
  return { instances, pipelines, rings, threads, kept, isEmpty: isSame && isDeepStrictEqual(before.service, after.service) }
}

function changes<T> (before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>, same: (a: T, b: T) => boolean): Map<string, Change> {
  const found = new Map<string, Change>()
  for (const [key, old] of before) {
    const now = after.get(key)
    found.set(key, now === undefined ? 'removed' : same(old, now) ? 'kept' : 'changed')
  }
  for (const key of after.keys()) if (!before.has(key)) found.set(key, 'added')
  return found
}

function instanceChanges (before: Plan, after: Plan): InstanceChange[] {
  const keyed = (plan: Plan): Map<string, Instance> => new Map(instancesOf(plan).map(i => [`${i.thread} ${i.layer} ${keyOf(i)}`, i]))
  const [old, now] = [keyed(before), keyed(after)]
  const renamed = isNamedByThread(before) !== isNamedByThread(after)
  const same = (i: Instance): boolean => sameConfig(before, after, i.kind, i.id) &&
    (i.kind !== 'connector' || isDeepStrictEqual(startedBy(before, i.id), startedBy(after, i.id))) &&
    // It goes by another name in health then.
    !(renamed && i.kind !== 'receiver' && i.kind !== 'exporter')
  const found = changes(old, now, same)
  return [...found].map(([key, change]) => ({ ...(now.get(key) ?? old.get(key)) as Instance, change }))
}

/** Components of a thread that share what they know come and go together: a new one would think with what an old one has concluded. */
function withSharers (instances: InstanceChange[], find: FindFactory): InstanceChange[] {
  const shares = (i: Instance): boolean => find(i.kind, componentId(i.kind, i.id).type)?.shares === true
  const restarted = new Set(instances.filter(i => i.change !== 'kept' && shares(i)).map(i => i.thread))
  return instances.map(i => i.change === 'kept' && restarted.has(i.thread) && shares(i) ? { ...i, change: 'changed' } : i)
}

/** Whether replicas have their thread in their name: `processor/batch@process-0`. */
export function isNamedByThread (plan: Plan): boolean { return plan.threads.length > 2 }

/** What of a thread must be held while other parts of it are exchanged: what sends, directly or not, to something that is. */
export interface Disturbance {
  /** Its early processors, or what they send to in this thread. */
  early(pipeline: string): boolean
  /** What of it is in this thread behind its early processors. */
  late(pipeline: string): boolean
  receiver(id: string): boolean
}

export function disturbance (before: Plan, diff: PlanDiff, thread: string): Disturbance {
  const isKept = (kind: 'processor' | 'exporter' | 'connector', id: string, pipeline = ''): boolean => diff.kept.get(thread)?.has(keyOf({ kind, id, pipeline, nth: 0 })) === true
  const pipelineOf = (id: string): PipelinePlan => before.pipelines.find(p => p.id === id) as PipelinePlan
  const memo = new Map<string, boolean>()
  const lateOf = (p: PipelinePlan): boolean => diff.pipelines.get(p.id) !== 'kept' ||
    (p.processThreads.includes(thread) && (p.late.some(id => !isKept('processor', id, p.id)) ||
      p.toConnectors.some(id => !isKept('connector', id) || startedBy(before, id).some(late)))) ||
    (before.deliverThread === thread && p.realExporters.some(id => !isKept('exporter', id)))
  const late = (id: string): boolean => {
    const known = memo.get(id)
    if (known !== undefined) return known
    const found = lateOf(pipelineOf(id))
    memo.set(id, found)
    return found
  }
  const early = (id: string): boolean => {
    const p = pipelineOf(id)
    const rings = before.rings.filter(r => r.pipeline === id && r.side === 'in' && r.producers.includes(thread))
    return diff.pipelines.get(id) !== 'kept' || p.early.some(e => !isKept('processor', e, id)) ||
      (rings.length > 0 ? rings.some(r => diff.rings.get(r.id) !== 'kept') : late(id))
  }
  // A pipeline that is new to a receiver needs no holding: its outlet is turned between two batches.
  return { early, late, receiver: id => before.pipelines.some(p => p.receiveThread === thread && p.realReceivers.includes(id) && early(p.id)) }
}
