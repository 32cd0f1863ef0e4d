/** Pods: placing, readiness, failure, eviction. Containers are in containers.ts. */
import type { Finding } from './change.js'
import { at, because, changedConditions, type ConditionPair } from './compare.js'
import { containerFindings, inPlaceFindings } from './containers.js'
import type { ObservedPod } from './types.js'

export function podFindings (before: ObservedPod | undefined, after: ObservedPod): Finding[] {
  return [
    ...scheduled(before, after),
    ...containerFindings(before, after),
    ...(before === undefined ? [] : inPlaceFindings(before, after)),
    ...changedConditions(before?.status?.conditions, after.status?.conditions).flatMap(pair => condition(pair, before, after)),
    ...phase(before, after),
    ...terminating(before, after)
  ]
}

/** Of a pod that waited for its node while it was watched. */
function scheduled (before: ObservedPod | undefined, after: ObservedPod): Finding[] {
  const node = after.spec?.nodeName ?? ''
  if (before === undefined || (before.spec?.nodeName ?? '') !== '' || node === '') return []
  const when = after.status?.conditions?.find(c => c.type === 'PodScheduled')?.lastTransitionTime
  return [{ change: 'pod_scheduled', reason: 'Scheduled', message: `was placed on node ${node}`, to: node, ...at(when) }]
}

function condition ({ type, before, after }: ConditionPair, podBefore: ObservedPod | undefined, pod: ObservedPod): Finding[] {
  const { status, reason = '', message, lastTransitionTime } = after
  const about = { ...at(lastTransitionTime), ...(before?.status === undefined ? {} : { from: before.status }), ...(status === undefined ? {} : { to: status }) }
  if (type === 'PodScheduled' && status === 'False') return [{ change: 'pod_unschedulable', reason: reason || 'Unschedulable', message: `cannot be placed${because(message)}`, ...about }]
  if (type === 'DisruptionTarget' && status === 'True') return [{ change: 'pod_disrupted', reason: reason || 'Evicted', message: `is taken away${because(message)}`, ...about }]
  if (type !== 'Ready' || before?.status === status) return []
  // Ready when first seen is what everybody expects.
  if (status === 'True') return podBefore === undefined ? [] : [{ change: 'pod_ready', reason: 'Ready', message: 'became ready', ...about }]
  // On the way up, on the way down and after its work a pod is not ready either.
  const isUp = before?.status === 'True' && pod.metadata?.deletionTimestamp === undefined && reason !== 'PodCompleted'
  return isUp ? [{ change: 'pod_not_ready', reason: reason || 'NotReady', message: `is no longer ready${because(message)}`, ...about }] : []
}

function phase (before: ObservedPod | undefined, after: ObservedPod): Finding[] {
  const [from, to] = [before?.status?.phase, after.status?.phase]
  if (from === to) return []
  const { reason, message } = after.status ?? {}
  const about = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  if (to === 'Failed') return [{ change: reason === 'Evicted' ? 'pod_evicted' : 'pod_failed', reason: reason ?? 'PodFailed', message: `failed${because(message ?? reason)}`, ...about }]
  if (to === 'Unknown') return [{ change: 'pod_unknown', reason: reason ?? 'NodeLost', message: `is in an unknown state${because(message)}`, ...about }]
  if (to === 'Succeeded' && before !== undefined) return [{ change: 'pod_succeeded', reason: 'Completed', message: 'ended its work', ...about }]
  return []
}

function terminating (before: ObservedPod | undefined, after: ObservedPod): Finding[] {
  const until = after.metadata?.deletionTimestamp
  if (before === undefined || until === undefined || before.metadata?.deletionTimestamp !== undefined) return []
  return [{ change: 'pod_terminating', reason: 'Terminating', message: `is being stopped, until ${until} at most` }]
}
