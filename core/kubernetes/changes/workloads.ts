/** Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs and CronJobs: scale, rollout, what is available, what a rollout changes. */
import type { Finding } from './change.js'
import { at, because, changedConditions, plural, valueChange, type ConditionPair } from './compare.js'
import { templateFindings } from './template.js'
import type { Workload } from './types.js'

export function deploymentFindings (before: Workload | undefined, after: Workload): Finding[] {
  return [
    ...specChanges(before, after),
    ...changedConditions(before?.status?.conditions, after.status?.conditions).flatMap(pair => condition(pair, before !== undefined)),
    ...rolledOut(before, after),
    ...availability(before, after)
  ]
}

export function daemonSetFindings (before: Workload | undefined, after: Workload): Finding[] {
  return [
    ...specChanges(before, after),
    ...(before === undefined ? [] : valueChange('scaled', 'Scaled', 'nodes to run on', before.status?.desiredNumberScheduled, after.status?.desiredNumberScheduled)),
    ...rolledOut(before, after),
    ...availability(before, after)
  ]
}

/** A ReplicaSet belongs to a Deployment, whose changes are told: what is left are failures to make pods. */
export function replicaSetFindings (before: Workload | undefined, after: Workload): Finding[] {
  const scale = before === undefined ? [] : valueChange('scaled', 'Scaled', 'replicas', before.spec?.replicas, after.spec?.replicas)
  return [...scale, ...changedConditions(before?.status?.conditions, after.status?.conditions).flatMap(pair => condition(pair, before !== undefined))]
}

export function jobFindings (before: Workload | undefined, after: Workload): Finding[] {
  const conditions = changedConditions(before?.status?.conditions, after.status?.conditions).flatMap(({ type, after: { status, reason, message, lastTransitionTime } }): Finding[] => {
    if (status !== 'True') return []
    if (type === 'Failed') return [{ change: 'job_failed', reason: reason ?? 'JobFailed', message: `failed${because(message)}`, ...at(lastTransitionTime) }]
    return type === 'Complete' && before !== undefined ? [{ change: 'job_complete', reason: 'Completed', message: 'ended its work', ...at(lastTransitionTime) }] : []
  })
  const [was, is] = [before?.status?.failed ?? 0, after.status?.failed ?? 0]
  const failed: Finding[] = before !== undefined && is > was ? [{ change: 'job_pod_failed', reason: 'PodFailed', severity: 'warning', intent: 'job_failure', message: `${plural(is, 'pod')} failed, before it were ${was}`, from: String(was), to: String(is) }] : []
  return [...(before === undefined ? [] : valueChange('suspend_changed', 'SuspendChanged', 'suspended', before.spec?.suspend ?? false, after.spec?.suspend ?? false)), ...failed, ...conditions]
}

export function cronJobFindings (before: Workload | undefined, after: Workload): Finding[] {
  if (before === undefined) return []
  return [
    ...valueChange('suspend_changed', 'SuspendChanged', 'suspended', before.spec?.suspend ?? false, after.spec?.suspend ?? false),
    ...valueChange('schedule_changed', 'ScheduleChanged', 'schedule', before.spec?.schedule, after.spec?.schedule),
    ...templateFindings(before.spec?.jobTemplate?.spec?.template, after.spec?.jobTemplate?.spec?.template)
  ]
}

function specChanges (before: Workload | undefined, after: Workload): Finding[] {
  if (before === undefined) return []
  const template = templateFindings(before.spec?.template, after.spec?.template)
  const what = [...new Set(template.map(f => f.reason))].join(', ')
  const rollout: Finding[] = template.length === 0 ? [] : [{ change: 'rollout_started', reason: 'RolloutStarted', message: `rolls out a new template (${what})` }]
  return [
    ...valueChange('scaled', 'Scaled', 'replicas', before.spec?.replicas, after.spec?.replicas),
    ...valueChange('paused_changed', 'PausedChanged', 'paused', before.spec?.paused ?? false, after.spec?.paused ?? false),
    ...template, ...rollout
  ]
}

function condition ({ type, before, after }: ConditionPair, known: boolean): Finding[] {
  const { status = '', reason = '', message, lastTransitionTime } = after
  const about = { ...at(lastTransitionTime), ...(before?.status === undefined ? {} : { from: before.status }), to: status }
  if (type === 'ReplicaFailure' && status === 'True') return [{ change: 'rollout_failed', reason: reason || 'FailedCreate', message: `cannot make pods${because(message)}`, ...about }]
  if (type !== 'Progressing') return []
  if (status === 'False') return [{ change: 'rollout_failed', reason: reason || 'ProgressDeadlineExceeded', message: `rollout makes no progress${because(message)}`, ...about }]
  return known && before?.reason === 'ProgressDeadlineExceeded' ? [{ change: 'rollout_resumed', reason: reason || 'Progressing', message: `rollout makes progress again${because(message)}`, intent: 'recovery', ...about }] : []
}

interface Numbers { readonly desired: number, readonly available: number, readonly updated: number }

function numbersOf ({ spec, status }: Workload): Numbers {
  const daemon = status?.desiredNumberScheduled !== undefined
  return daemon
    ? { desired: status.desiredNumberScheduled ?? 0, available: status.numberAvailable ?? 0, updated: status.updatedNumberScheduled ?? 0 }
    : { desired: spec?.replicas ?? 1, available: status?.availableReplicas ?? status?.readyReplicas ?? 0, updated: status?.updatedReplicas ?? 0 }
}

/** When the last pod is of the new template and available. */
function rolledOut (before: Workload | undefined, after: Workload): Finding[] {
  if (before === undefined || after.status === undefined) return []
  const [was, is] = [numbersOf(before), numbersOf(after)]
  const done = (n: Numbers): boolean => n.updated >= n.desired && n.available >= n.desired
  if (was.updated >= was.desired && done(was)) return []
  // A pod that went and came back is no rollout.
  const rolling = was.updated < was.desired || (before.status?.replicas ?? 0) > was.desired
  return rolling && done(is) && is.desired > 0 ? [{ change: 'rollout_complete', reason: 'RolloutComplete', message: `rollout is complete, ${is.updated} of ${is.desired} updated and available` }] : []
}

type Health = 'healthy' | 'degraded' | 'unavailable'

function healthOf ({ desired, available }: Numbers): Health {
  return available >= desired ? 'healthy' : available > 0 ? 'degraded' : 'unavailable'
}

/** Only when it gets worse or well again; one that is first seen on its way up is told when it has nothing. */
function availability (before: Workload | undefined, after: Workload): Finding[] {
  if (after.status?.observedGeneration === undefined) return []
  const [was, is] = [before?.status?.observedGeneration === undefined ? undefined : numbersOf(before), numbersOf(after)]
  const [from, to] = [was === undefined ? undefined : healthOf(was), healthOf(is)]
  if (from === to || (from === undefined && (to === 'healthy' || before !== undefined))) return []
  // More are wanted, none has gone: that is no loss.
  if (was !== undefined && is.desired > was.desired && is.available >= was.available) return []
  const about = { ...(from === undefined ? {} : { from }), to, message: `${is.available} of ${is.desired} available` }
  if (to === 'healthy') return [{ change: 'workload_recovered', reason: 'Recovered', ...about }]
  if (to === 'unavailable') return [{ change: 'workload_unavailable', reason: 'Unavailable', ...about }]
  return from === 'unavailable' ? [{ change: 'workload_improved', reason: 'Improved', intent: 'recovery', ...about }] : [{ change: 'workload_degraded', reason: 'Degraded', ...about }]
}
