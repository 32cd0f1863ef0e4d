/**
 * How bad a reason is and what it is a sign of. By Kubernetes' own words first, then by what changed. The severities are those
 * the original Tapio meant (Failed* high, evictions and lost nodes critical, back-off a warning) and never reached, as it looked
 * at the event's type first.
 */
import type { SeverityName } from '../../data/enums.js'
import type { Category, Finding } from './change.js'

/** `Normal` or `Warning` of an Event, as an attribute. */
export const eventTypeKey = 'tapio.k8s.event.type'

export interface Meaning { readonly severity: SeverityName, readonly intent: string, readonly category: Category }

const meaning = (severity: SeverityName, intent: string, category: Category): Meaning => ({ severity, intent, category })

const groups: readonly (readonly [Meaning, string])[] = [
  [meaning('critical', 'memory_pressure_cascade', 'capacity'), 'OOMKilled OOMKilling SystemOOM'],
  [meaning('critical', 'pod_evicted', 'availability'), 'Evicted EvictionThresholdMet TaintManagerEviction DeletionByTaintManager EvictionByEvictionAPI TerminationByKubelet'],
  [meaning('critical', 'node_failure', 'availability'), 'NodeNotReady NodeStatusUnknown KubeletNotReady NodeLost HeartbeatLost KernelOops KernelDeadlock ReadonlyFilesystem FilesystemIsReadOnly'],
  [meaning('high', 'node_pressure', 'capacity'), 'NodeHasInsufficientMemory NodeHasDiskPressure NodeHasInsufficientPID KubeletHasInsufficientMemory KubeletHasDiskPressure KubeletHasInsufficientPID MemoryPressure DiskPressure PIDPressure FreeDiskSpaceFailed ImageGCFailed InvalidDiskCapacity NodeUnderPressure'],
  [meaning('high', 'node_failure', 'availability'), 'NetworkUnavailable NodeNotSchedulable Rebooted ContainerGCFailed KubeletSetupFailed'],
  [meaning('high', 'pod_crash_loop', 'availability'), 'CrashLoopBackOff Error ContainerCannotRun StartError RunContainerError CreateContainerError PostStartHookError ContainerStatusUnknown'],
  [meaning('warning', 'pod_crash_loop', 'availability'), 'BackOff ContainerRestarted'],
  [meaning('high', 'image_pull_failure', 'availability'), 'ErrImagePull ImagePullBackOff InvalidImageName ErrImageNeverPull ImageInspectError RegistryUnavailable SignatureValidationFailed'],
  [meaning('high', 'config_error', 'configuration'), 'CreateContainerConfigError FailedMount FailedAttachVolume FailedMapVolume ConfigMapNotFound InvalidEnvironmentVariableNames DNSConfigForming'],
  [meaning('high', 'network_failure', 'availability'), 'FailedCreatePodSandBox NetworkNotReady FailedToUpdateEndpoint FailedToUpdateEndpointSlices FailedToCreateEndpoint CNIError SyncLoadBalancerFailed'],
  [meaning('high', 'resource_shortage', 'capacity'), 'FailedScheduling Unschedulable QuotaExhausted Preempting Preempted PreemptionByScheduler OutOfcpu OutOfmemory OutOfpods'],
  [meaning('warning', 'probe_failure', 'availability'), 'Unhealthy ProbeWarning NotReady ContainersNotReady ReadinessGatesNotReady'],
  [meaning('high', 'rollout_failure', 'availability'), 'ProgressDeadlineExceeded FailedCreate ReplicaSetCreateError ReplicaFailure'],
  [meaning('high', 'job_failure', 'availability'), 'BackoffLimitExceeded DeadlineExceeded PodFailurePolicy FailedIndexes MaxFailedIndexesExceeded'],
  [meaning('high', 'storage_failure', 'availability'), 'ProvisioningFailed FailedBinding VolumeFailedDelete VolumeResizeFailed FileSystemResizeFailed ClaimLost VolumeFailed ClaimMisbound FailedDetachVolume VolumeFailedRecycle'],
  [meaning('high', 'autoscaling_failure', 'capacity'), 'FailedGetResourceMetric FailedGetExternalMetric FailedGetPodsMetric FailedGetScale FailedUpdateScale FailedRescale InvalidSelector FailedComputeMetricsReplicas InvalidMetricSourceType'],
  [meaning('medium', 'pod_evicted', 'availability'), 'Killing ExceededGracePeriod Draining'],
  [meaning('info', 'lifecycle', 'operations'), 'Scheduled Pulling Pulled Created Started SuccessfulCreate SuccessfulDelete Completed SuccessfulRescale ScalingReplicaSet NoPods']
]

const byReason: ReadonlyMap<string, Meaning> = new Map(groups.flatMap(([m, words]) => words.split(' ').map(word => [word, m] as const)))

const byChange: Readonly<Record<string, Meaning>> = {
  container_waiting: meaning('warning', 'pod_failure', 'availability'),
  container_terminated: meaning('high', 'pod_crash_loop', 'availability'),
  container_restarted: meaning('warning', 'pod_crash_loop', 'availability'),
  pod_failed: meaning('high', 'pod_failure', 'availability'),
  pod_ready: meaning('info', 'recovery', 'availability'),
  pod_not_ready: meaning('warning', 'probe_failure', 'availability'),
  pod_disrupted: meaning('high', 'pod_evicted', 'availability'),
  node_condition: meaning('high', 'node_failure', 'availability'),
  node_recovered: meaning('info', 'recovery', 'availability'),
  node_rebooted: meaning('high', 'node_failure', 'availability'),
  node_cordoned: meaning('medium', 'node_maintenance', 'operations'),
  node_tainted: meaning('medium', 'node_maintenance', 'operations'),
  allocatable_changed: meaning('medium', 'capacity_change', 'capacity'),
  heartbeat_lost: meaning('critical', 'node_failure', 'availability'),
  scaled: meaning('info', 'scaling', 'capacity'),
  workload_degraded: meaning('warning', 'service_degradation', 'availability'),
  workload_unavailable: meaning('high', 'service_failure', 'availability'),
  workload_recovered: meaning('info', 'recovery', 'availability'),
  rollout_started: meaning('info', 'rollout', 'operations'),
  rollout_complete: meaning('info', 'rollout', 'operations'),
  rollout_failed: meaning('high', 'rollout_failure', 'availability'),
  job_failed: meaning('high', 'job_failure', 'availability'),
  endpoints_lost: meaning('warning', 'service_degradation', 'availability'),
  endpoints_gained: meaning('info', 'recovery', 'availability'),
  no_endpoints: meaning('high', 'service_failure', 'availability'),
  quota_exhausted: meaning('high', 'resource_shortage', 'capacity'),
  quota_near: meaning('warning', 'resource_shortage', 'capacity'),
  quota_relieved: meaning('info', 'recovery', 'capacity'),
  claim_pending: meaning('warning', 'storage_failure', 'availability'),
  claim_lost: meaning('high', 'storage_failure', 'availability'),
  volume_failed: meaning('high', 'storage_failure', 'availability'),
  autoscaler_limited: meaning('warning', 'capacity_limit', 'capacity'),
  autoscaler_failed: meaning('high', 'autoscaling_failure', 'capacity'),
  budget_exhausted: meaning('warning', 'disruption_blocked', 'operations'),
  budget_violated: meaning('warning', 'service_degradation', 'availability'),
  namespace_terminating: meaning('medium', 'removal', 'operations'),
  namespace_stuck: meaning('warning', 'removal', 'operations'),
  policy_changed: meaning('medium', 'policy_change', 'security'),
  deleted: meaning('low', 'removal', 'operations')
}

/** Removal of these takes something away from others. */
const weightyRemovals: Readonly<Record<string, SeverityName>> = { Node: 'warning', Service: 'medium', Deployment: 'medium', StatefulSet: 'medium', DaemonSet: 'medium', Namespace: 'medium', ConfigMap: 'medium', Secret: 'medium', PersistentVolumeClaim: 'medium', NetworkPolicy: 'medium', StorageClass: 'medium' }

const configuration = meaning('low', 'configuration_change', 'configuration')
const lifecycle = meaning('info', 'lifecycle', 'operations')

export function meaningOf (finding: Finding, kind: string): Meaning {
  const known = finding.change === 'event' ? eventMeaning(finding) : (byReason.get(finding.reason) ?? byChange[finding.change] ?? (finding.change.endsWith('_changed') ? configuration : lifecycle))
  const severity = finding.severity ?? (finding.change === 'deleted' ? weightyRemovals[kind] : undefined) ?? known.severity
  return { ...known, severity, intent: finding.intent ?? known.intent }
}

/** The reason counts before the type: a Normal event may tell of an eviction, a Warning of little. */
function eventMeaning ({ reason, attributes }: Finding): Meaning {
  const known = byReason.get(reason)
  if (known !== undefined) return known
  if (attributes?.[eventTypeKey] !== 'Warning') return lifecycle
  return /^Failed|Failed$|Error$/.test(reason) ? meaning('high', 'operation_failed', 'availability') : meaning('warning', 'kubernetes_warning', 'availability')
}
