/** What kinds of entities mean for impact: what a summary counts them as, and how much hangs on one. */
import type { Impact } from '../incidents/incident.js'

export type Category = keyof Impact['counts']

const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob', 'Rollout.argoproj.io', 'CloneSet.apps.kruise.io'])

/** Kinds as the graph names them: somebody else's with their group. */
export const isWorkload = (kind: string): boolean => workloadKinds.has(kind)

/** Undefined: it is listed, and not counted (claims, config, ingresses, units). */
export function categoryOf (kind: string): Category | undefined {
  if (kind === 'Pod') return 'pods'
  if (kind === 'Service') return 'services'
  if (kind === 'Node') return 'nodes'
  return isWorkload(kind) ? 'workloads' : undefined
}

/**
 * 0 to 1: how much hangs on one of a kind, all else being equal. Order and steps are the original's (node 1, namespace .9, service
 * .8, workload .6, pod .4, config .3; claims between workload and service, as its multipliers 1.2 < 1.4 have it).
 */
export function resourceWeight (kind: string): number { return weights[kind] ?? 0.3 }

const weights: Readonly<Record<string, number>> = {
  Cluster: 1, Node: 1, Namespace: 0.9, StorageClass: 0.85, Service: 0.8, Ingress: 0.8, NetworkPolicy: 0.8, EndpointSlice: 0.8, Endpoints: 0.8, Unit: 0.7, Interface: 0.7,
  PersistentVolume: 0.7, PersistentVolumeClaim: 0.7, Deployment: 0.6, StatefulSet: 0.65, DaemonSet: 0.65, ReplicaSet: 0.6, ResourceQuota: 0.6, ServiceAccount: 0.5,
  HorizontalPodAutoscaler: 0.4, PodDisruptionBudget: 0.4, CronJob: 0.4, Job: 0.4, Pod: 0.4, Container: 0.4, ConfigMap: 0.3, Secret: 0.3, Address: 0.4, Process: 0.3
}
