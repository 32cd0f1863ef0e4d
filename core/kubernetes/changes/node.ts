/** Nodes: conditions, taints, cordon, boots, room; and the lease by which a node's kubelet says that it lives. */
import type { Finding } from './change.js'
import { at, because, changedConditions, paired, timeOf, valueChange, type ConditionPair } from './compare.js'
import type { Lease, ObservedNode, Taint } from './types.js'

export function nodeFindings (before: ObservedNode | undefined, after: ObservedNode): Finding[] {
  return [
    ...changedConditions(before?.status?.conditions, after.status?.conditions).flatMap(condition),
    ...cordon(before, after),
    ...taints(before, after),
    ...(before === undefined ? [] : [...boot(before, after), ...versions(before, after), ...room(before, after)])
  ]
}

/** `Ready` is good when True; every other condition, those of node-problem-detector too, when False. */
function condition ({ type, before, after }: ConditionPair): Finding[] {
  const { status = 'Unknown', reason, message, lastTransitionTime } = after
  const isGood = (s: string | undefined): boolean => s === (type === 'Ready' ? 'True' : 'False')
  const about = { ...at(lastTransitionTime), ...(before?.status === undefined ? {} : { from: before.status }), to: status, attributes: { 'k8s.node.condition': type } }
  if (!isGood(status)) {
    const what = type === 'Ready' ? (status === 'Unknown' ? 'is no longer heard of' : 'is not ready') : `has ${type}`
    return [{ change: 'node_condition', reason: type === 'Ready' && status === 'False' ? 'NodeNotReady' : reason ?? type, message: `${what}${because(message)}`, ...about }]
  }
  if (before === undefined || isGood(before.status)) return []
  return [{ change: 'node_recovered', reason: type === 'Ready' ? 'NodeReady' : reason ?? type, message: `${type === 'Ready' ? 'is ready again' : `no longer has ${type}`}${because(message)}`, severity: 'info', intent: 'recovery', ...about }]
}

function cordon (before: ObservedNode | undefined, after: ObservedNode): Finding[] {
  const [was, is] = [before?.spec?.unschedulable === true, after.spec?.unschedulable === true]
  if (was === is) return []
  return is
    ? [{ change: 'node_cordoned', reason: 'NodeNotSchedulable', severity: 'medium', intent: 'node_maintenance', message: 'takes no new pods (cordoned)' }]
    : [{ change: 'node_uncordoned', reason: 'NodeSchedulable', message: 'takes new pods again (uncordoned)' }]
}

/** Those that Kubernetes sets by itself say again what conditions and cordon said. */
function taints (before: ObservedNode | undefined, after: ObservedNode): Finding[] {
  const of = (node: ObservedNode | undefined): ReadonlyMap<string, Taint> => new Map((node?.spec?.taints ?? []).filter(t => !(t.key ?? '').startsWith('node.kubernetes.io/')).map(t => [taintText(t), t]))
  return paired(of(before), of(after)).flatMap(([text, was, is]): Finding[] => {
    if (was === undefined) return before === undefined ? [] : [{ change: 'node_tainted', reason: 'TaintAdded', message: `got taint ${text}`, to: text }]
    return is === undefined ? [{ change: 'node_untainted', reason: 'TaintRemoved', message: `lost taint ${text}`, from: text }] : []
  })
}

function taintText ({ key = '', value = '', effect = '' }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`
}

function boot (before: ObservedNode, after: ObservedNode): Finding[] {
  const [from, to] = [before.status?.nodeInfo?.bootID ?? '', after.status?.nodeInfo?.bootID ?? '']
  return from === '' || to === '' || from === to ? [] : [{ change: 'node_rebooted', reason: 'Rebooted', message: `has booted anew (boot id ${to})`, from, to }]
}

function versions (before: ObservedNode, after: ObservedNode): Finding[] {
  const [was, is] = [before.status?.nodeInfo, after.status?.nodeInfo]
  return [
    ...valueChange('version_changed', 'KubeletVersionChanged', 'kubelet', was?.kubeletVersion, is?.kubeletVersion),
    ...valueChange('version_changed', 'KernelVersionChanged', 'kernel', was?.kernelVersion, is?.kernelVersion),
    ...valueChange('version_changed', 'RuntimeVersionChanged', 'container runtime', was?.containerRuntimeVersion, is?.containerRuntimeVersion)
  ]
}

function room (before: ObservedNode, after: ObservedNode): Finding[] {
  const [was = {}, is = {}] = [before.status?.allocatable, after.status?.allocatable]
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return names.flatMap(name => valueChange('allocatable_changed', 'AllocatableChanged', `room for ${name}`, was[name], is[name]))
}

/** What the kubelet promises when the lease does not say it: 40 s. */
const defaultLeaseSeconds = 40

export function leaseMs (lease: Lease): number { return 1000 * (lease.spec?.leaseDurationSeconds ?? defaultLeaseSeconds) }

/** A lease that was renewed only after it had run out. */
export function leaseFindings (before: Lease | undefined, after: Lease): Finding[] {
  const [was, is] = [timeOf(before?.spec?.renewTime), timeOf(after.spec?.renewTime)]
  if (was === undefined || is === undefined || is - was <= leaseMs(after)) return []
  return [{ change: 'heartbeat_resumed', reason: 'HeartbeatResumed', message: `heartbeat came after ${Math.round((is - was) / 1000)} s`, timeMs: is, about: nodeOf(after) }]
}

/** For a lease that has run out; who watches leases knows when that is. */
export function heartbeatLost (lease: Lease, silentMs: number): Finding {
  return { change: 'heartbeat_lost', reason: 'HeartbeatLost', message: `no heartbeat for ${Math.round(silentMs / 1000)} s`, about: nodeOf(lease), ...(lease.spec?.renewTime === undefined ? {} : { from: lease.spec.renewTime }) }
}

function nodeOf ({ metadata = {} }: Lease): { readonly kind: 'Node', readonly name: string, readonly uid?: string } {
  const uid = metadata.ownerReferences?.find(o => o.kind === 'Node')?.uid
  return { kind: 'Node', name: metadata.name ?? '', ...(uid === undefined ? {} : { uid }) }
}
