/** From two states of an object to what it means that they differ. Pure: the same states give the same changes. */
import { controllerOf, grandOwner } from '../../topology/workload.js'
import type { KubeObject, ObjectMeta } from '../objects.js'
import type { KubeKind } from '../watchable.js'
import type { Action, Finding, Change, ObjectRef } from './change.js'
import { shortened } from './compare.js'
import { eventFindings } from './event.js'
import { endpointFindings, ingressFindings, limitRangeFindings, policyFindings, removedEndpoints, serviceFindings } from './network.js'
import { leaseFindings, nodeFindings } from './node.js'
import { podFindings } from './pod.js'
import { autoscalerFindings, budgetFindings, configMapFindings, namespaceFindings, quotaFindings, secretFindings, serviceAccountFindings } from './policy.js'
import { meaningOf } from './reasons.js'
import { claimFindings, storageClassFindings, volumeFindings } from './storage.js'
import { cronJobFindings, daemonSetFindings, deploymentFindings, jobFindings, replicaSetFindings } from './workloads.js'

export type { Action, Category, ContainerRef, Finding, Change, ObjectRef } from './change.js'
export { eventTime } from './event.js'
export { heartbeatLost, leaseMs } from './node.js'
export { published } from './published.js'
export { reduced } from './reduce.js'
export { ChangeWriter, idOf } from './writer.js'

type Compare = (before: never, after: never) => Finding[]

const compare: Readonly<Record<KubeKind, Compare>> = {
  Event: eventFindings, Pod: podFindings, Node: nodeFindings, Namespace: namespaceFindings, Deployment: deploymentFindings, ReplicaSet: replicaSetFindings,
  StatefulSet: deploymentFindings, DaemonSet: daemonSetFindings, Job: jobFindings, CronJob: cronJobFindings, Service: serviceFindings, EndpointSlice: endpointFindings,
  Ingress: ingressFindings, NetworkPolicy: policyFindings, PersistentVolume: volumeFindings, PersistentVolumeClaim: claimFindings, StorageClass: storageClassFindings,
  ResourceQuota: quotaFindings, LimitRange: limitRangeFindings, HorizontalPodAutoscaler: autoscalerFindings, PodDisruptionBudget: budgetFindings,
  ServiceAccount: serviceAccountFindings, ConfigMap: configMapFindings, Secret: secretFindings, Lease: leaseFindings
}

/** Their coming and going says nothing: it is how they work. */
const silent: ReadonlySet<KubeKind> = new Set(['Event', 'Lease', 'EndpointSlice'])

/**
 * The changes between two states of one object; `before` undefined = first seen, `after` undefined = gone. One that is first
 * seen gives `created` and what is wrong with it. Who only finds it in a list leaves `created` out (`change` tells). `timeMs` is
 * for changes that do not say when they happened. States may be whole or `reduced`.
 */
export function changesOf (kind: KubeKind, before: KubeObject | undefined, after: KubeObject | undefined, timeMs: number): readonly Change[] {
  const object = after ?? before
  if (object === undefined) return []
  const action: Action = after === undefined ? 'DELETED' : before === undefined ? 'ADDED' : 'MODIFIED'
  const findings = after === undefined ? gone(kind, object) : (compare[kind] as (b: unknown, a: unknown) => Finding[])(before, after)
  if (action === 'ADDED' && !silent.has(kind)) findings.unshift({ change: 'created', reason: `${kind}Created`, message: 'was created' })
  return findings.map(finding => toChange(kind, object, finding, action, timeMs))
}

/** A finding that comes from elsewhere than a comparison (a heartbeat that did not come), as a change of `object`. */
export function changeOf (kind: KubeKind, object: KubeObject, finding: Finding, timeMs: number, action: Action = 'MODIFIED'): Change {
  return toChange(kind, object, finding, action, timeMs)
}

function gone (kind: KubeKind, before: KubeObject): Finding[] {
  if (kind === 'EndpointSlice') return removedEndpoints(before)
  return silent.has(kind) ? [] : [{ change: 'deleted', reason: `${kind}Deleted`, message: 'was deleted' }]
}

function toChange (kind: KubeKind, object: KubeObject, finding: Finding, action: Action, timeMs: number): Change {
  const { metadata = {} } = object
  const about = finding.about ?? refOf(kind, metadata)
  const own = finding.about === undefined
  const node = own ? nodeOf(object) : ''
  return {
    timeMs, ...finding, ...meaningOf(finding, about.kind), about, action, owners: own ? ownersOf(metadata) : [],
    ...(node === '' ? {} : { node }),
    message: shortened(`${about.kind} ${about.namespace === undefined ? '' : `${about.namespace}/`}${about.name}: ${finding.message}`, 2048),
    key: keyOf(kind, metadata, finding)
  }
}

/**
 * The way by which a version was come to know (a list, a watch) is no part of it. An object comes and goes once, whatever version it is seen
 * to be there or gone at.
 */
function keyOf (kind: KubeKind, { uid, namespace = '', name = '', resourceVersion = '' }: ObjectMeta, { change, reason, container, message }: Finding): string {
  const version = uid !== undefined && (change === 'created' || change === 'deleted') ? '' : resourceVersion
  return `${uid ?? `${kind}/${namespace}/${name}`}/${version}/${change}/${reason}/${container?.name ?? ''}/${message}`
}

function refOf (kind: string, { name = '', namespace, uid }: ObjectMeta): ObjectRef {
  return { kind, name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) }
}

function nodeOf (object: KubeObject): string {
  return (object as { readonly spec?: { readonly nodeName?: string } }).spec?.nodeName ?? ''
}

function ownersOf (metadata: ObjectMeta): readonly ObjectRef[] {
  const owner = controllerOf(metadata)
  if (owner === undefined) return []
  const namespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace }
  const above = grandOwner(owner, metadata.labels?.['pod-template-hash'] ?? '')
  return [{ ...owner, ...namespace }, ...(above === undefined ? [] : [{ ...above, ...namespace }])]
}
