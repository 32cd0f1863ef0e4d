/** What limits and steers others: quotas, autoscalers, disruption budgets, service accounts, namespaces, configuration. */
import type { KubeObject } from '../objects.js'
import type { Finding } from './change.js'
import { at, because, changedConditions, valueChange } from './compare.js'
import { quantity } from './quantity.js'
import type { Autoscaler, DisruptionBudget, Namespace, Quota, ServiceAccount } from './types.js'

/** Share of a quota from which on it is worth a warning. */
const nearlyFull = 0.9

export function quotaFindings (before: Quota | undefined, after: Quota): Finding[] {
  const { hard = {}, used = {} } = after.status ?? {}
  const levels = Object.keys(hard).flatMap((name): Finding[] => {
    const [was, is] = [levelOf(before, name), levelOf(after, name)]
    if (was === is || (before === undefined && is === 'free')) return []
    const about = { message: `${name}: ${used[name] ?? '0'} of ${hard[name] ?? '?'} used`, attributes: { 'k8s.resourcequota.resource_name': name }, ...(before === undefined ? {} : { from: was }), to: is }
    if (is === 'full') return [{ change: 'quota_exhausted', reason: 'QuotaExhausted', ...about }]
    if (is === 'near' && was === 'free') return [{ change: 'quota_near', reason: 'QuotaNearlyExhausted', ...about }]
    return [{ change: 'quota_relieved', reason: 'QuotaRelieved', ...about }]
  })
  return [...(before === undefined ? [] : valueChange('policy_changed', 'QuotaChanged', 'limits', before.spec?.hard, after.spec?.hard)), ...levels]
}

function levelOf (quota: Quota | undefined, name: string): 'free' | 'near' | 'full' {
  const [hard, used] = [quantity(quota?.status?.hard?.[name]), quantity(quota?.status?.used?.[name])]
  if (Number.isNaN(hard) || Number.isNaN(used) || used === 0) return 'free'
  return used >= hard ? 'full' : used >= hard * nearlyFull ? 'near' : 'free'
}

/** An autoscaler that cannot do its work, or is at its end. */
export function autoscalerFindings (before: Autoscaler | undefined, after: Autoscaler): Finding[] {
  const conditions = changedConditions(before?.status?.conditions, after.status?.conditions).flatMap(({ type, before: was, after: is }): Finding[] => {
    const about = { message: `${type} is ${is.status ?? '?'}${because(is.message)}`, ...at(is.lastTransitionTime), ...(was?.status === undefined ? {} : { from: was.status }), to: is.status ?? '' }
    if (type === 'ScalingLimited' && is.status === 'True') return [{ change: 'autoscaler_limited', reason: is.reason ?? 'ScalingLimited', ...about }]
    if (type !== 'ScalingLimited' && is.status === 'False' && is.reason !== 'ScalingDisabled') return [{ change: 'autoscaler_failed', reason: is.reason ?? type, ...about }]
    return was?.status === 'False' && is.status === 'True' && type !== 'ScalingLimited' ? [{ change: 'autoscaler_recovered', reason: is.reason ?? type, intent: 'recovery', severity: 'info', ...about }] : []
  })
  if (before === undefined) return conditions
  return [
    ...conditions,
    ...valueChange('scaled', 'AutoscalerScaled', `${after.spec?.scaleTargetRef?.kind ?? 'target'} ${after.spec?.scaleTargetRef?.name ?? ''}: wanted replicas`, before.status?.desiredReplicas, after.status?.desiredReplicas),
    ...valueChange('policy_changed', 'AutoscalerChanged', 'least replicas', before.spec?.minReplicas, after.spec?.minReplicas),
    ...valueChange('policy_changed', 'AutoscalerChanged', 'most replicas', before.spec?.maxReplicas, after.spec?.maxReplicas)
  ]
}

export function budgetFindings (before: DisruptionBudget | undefined, after: DisruptionBudget): Finding[] {
  const findings = before === undefined ? [] : [
    ...valueChange('policy_changed', 'BudgetChanged', 'minAvailable', before.spec?.minAvailable, after.spec?.minAvailable),
    ...valueChange('policy_changed', 'BudgetChanged', 'maxUnavailable', before.spec?.maxUnavailable, after.spec?.maxUnavailable)
  ]
  const [was, is] = [budgetState(before), budgetState(after)]
  if (was === is) return findings
  const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = after.status ?? {}
  const message = `${currentHealthy} healthy, ${desiredHealthy} needed, ${disruptionsAllowed} may be taken away`
  if (is === 'violated') return [...findings, { change: 'budget_violated', reason: 'BudgetViolated', message, from: was, to: is }]
  if (is === 'exhausted') return [...findings, { change: 'budget_exhausted', reason: 'BudgetExhausted', message, from: was, to: is, ...(before === undefined ? { severity: 'info' } : {}) }]
  return [...findings, { change: 'budget_relieved', reason: 'BudgetRelieved', intent: 'recovery', message, from: was, to: is }]
}

function budgetState (budget: DisruptionBudget | undefined): 'free' | 'exhausted' | 'violated' {
  const { disruptionsAllowed, currentHealthy = 0, desiredHealthy = 0, expectedPods = 0 } = budget?.status ?? {}
  if (disruptionsAllowed === undefined || expectedPods === 0) return 'free'
  return currentHealthy < desiredHealthy ? 'violated' : disruptionsAllowed === 0 ? 'exhausted' : 'free'
}

export function serviceAccountFindings (before: ServiceAccount | undefined, after: ServiceAccount): Finding[] {
  if (before === undefined) return []
  return [
    ...valueChange('policy_changed', 'ServiceAccountChanged', 'automountServiceAccountToken', before.automountServiceAccountToken, after.automountServiceAccountToken),
    ...valueChange('policy_changed', 'ServiceAccountChanged', 'imagePullSecrets', before.imagePullSecrets, after.imagePullSecrets)
  ]
}

export function namespaceFindings (before: Namespace | undefined, after: Namespace): Finding[] {
  const findings: Finding[] = []
  if (after.status?.phase === 'Terminating' && before?.status?.phase !== 'Terminating') findings.push({ change: 'namespace_terminating', reason: 'NamespaceTerminating', message: 'is being removed with all it holds', to: 'Terminating', ...at(after.metadata?.deletionTimestamp) })
  for (const { type, after: c } of changedConditions(before?.status?.conditions, after.status?.conditions)) {
    if (c.status === 'True') findings.push({ change: 'namespace_stuck', reason: c.reason ?? type, message: `its removal waits${because(c.message)}`, ...at(c.lastTransitionTime) })
  }
  return findings
}

/** Locks of the old kind of leader election are renewed every two seconds. */
const leaderLock = 'control-plane.alpha.kubernetes.io/leader'

/** ConfigMaps and Secrets: that there is another version, not what is in it. */
export function configMapFindings (before: KubeObject | undefined, after: KubeObject): Finding[] { return newVersion('ConfigMapChanged', before, after) }

export function secretFindings (before: KubeObject | undefined, after: KubeObject): Finding[] { return newVersion('SecretChanged', before, after) }

/** Items of lists do not say their kind, and metadata alone says another one. */
function newVersion (reason: string, before: KubeObject | undefined, after: KubeObject): Finding[] {
  const [from, to] = [before?.metadata?.resourceVersion, after.metadata?.resourceVersion]
  if (from === undefined || to === undefined || from === to || after.metadata?.annotations?.[leaderLock] !== undefined) return []
  return [{ change: 'config_changed', reason, severity: 'medium', message: `changed, version ${from} -> ${to}`, from, to }]
}
