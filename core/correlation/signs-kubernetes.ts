/**
 * Signs in what the kubernetes and snapshot receivers tell: by `tapio.k8s.change` (core/kubernetes/changes), and of Events by
 * Kubernetes' own reason, then by its type.
 */
import { Severity } from '../data/enums.js'
import { always, detailOf, nothing, numberOf, textOf, type Recognise, type RowFacts, type Seen, type SignName } from './signs.js'
import { signalName } from './signal-names.js'

/** Beside what an `EventRow` tells: whose container the row is about, from its resource. */
export interface KubernetesRow extends RowFacts { readonly container: string }

type RecogniseK8s = (row: KubernetesRow) => Seen | undefined

const withContainer = (sign: SignName): RecogniseK8s => row => ({ sign, detail: detailOf({ container: row.container }) })
const withReason = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ reason: row.get('name') }) })
const withBoth = (sign: SignName): RecogniseK8s => row => ({ sign, detail: detailOf({ container: row.container, reason: row.get('name') }) })
const withWhat = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ what: row.get('name') }) })

const fromTo = (row: RowFacts): { readonly from: string, readonly to: string } => ({ from: textOf(row.attribute('tapio.change.from')), to: textOf(row.attribute('tapio.change.to')) })

/** Waiting reasons, and the reasons of Events that say the same. */
function waiting (row: KubernetesRow): Seen | undefined {
  const reason = row.get('name') ?? ''
  if (reason === 'CrashLoopBackOff') return { sign: 'k8s.crash_loop', detail: detailOf({ container: row.container }) }
  if (imageReasons.has(reason)) return { sign: 'k8s.image_pull_failed', detail: detailOf({ container: row.container, reason: imageReason(reason) }) }
  if (reason === 'CreateContainerConfigError') return { sign: 'k8s.container_config_error', detail: detailOf({ container: row.container }) }
  return { sign: 'k8s.container_waiting', detail: detailOf({ container: row.container, reason }) }
}

const imageReasons: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError', 'RegistryUnavailable', 'SignatureValidationFailed'])

/** A pull that fails and the waiting for the next one take turns, and are one. */
function imageReason (reason: string): string { return reason === 'ErrImagePull' || reason === 'ImagePullBackOff' ? '' : reason }

function terminated (row: KubernetesRow): Seen | undefined {
  const code = row.get('returnCode') ?? 0
  const signal = row.get('exitSignal') ?? 0
  if (row.get('name') === 'OOMKilled') return { sign: 'k8s.container_oom_killed', detail: detailOf({ container: row.container, limit: textOf(row.attribute('tapio.k8s.container.memory_limit')) }) }
  // 143: asked to end, and did.
  if ((code === 0 && signal === 0) || signal === 15) return undefined
  const reason = row.get('name') ?? ''
  return { sign: 'k8s.container_exited', detail: detailOf({ container: row.container, exitCode: code, signal: signal === 0 ? '' : signalName(signal), reason: reason === 'Error' ? '' : reason }) }
}

/** The dump's count of restarts without how the last run ended is all that is known then. */
const restarted: RecogniseK8s = row => ({ sign: 'k8s.container_restarted', detail: detailOf({ container: row.container }) })

const pressures: Readonly<Record<string, SignName>> = { MemoryPressure: 'node.pressure_memory', DiskPressure: 'node.pressure_disk', PIDPressure: 'node.pressure_pid', NetworkUnavailable: 'node.network_unavailable', Ready: 'node.not_ready' }

const nodeCondition: Recognise = row => {
  const condition = textOf(row.attribute('k8s.node.condition'))
  const known = Object.hasOwn(pressures, condition) ? pressures[condition] : undefined
  return known === undefined ? { sign: 'node.condition', detail: detailOf({ condition }) } : { sign: known, detail: {} }
}

const nodeRecovered: Recognise = row => {
  const condition = textOf(row.attribute('k8s.node.condition'))
  return condition === 'Ready' ? { sign: 'node.ready', detail: {} } : { sign: 'node.condition_cleared', detail: detailOf({ condition }) }
}

const withResource = (sign: SignName): Recognise => row => ({ sign, detail: detailOf({ resource: textOf(row.attribute('k8s.resourcequota.resource_name')) }) })

/** Whose going takes something away from others. */
const weighty: ReadonlySet<string> = new Set(['Node', 'Namespace', 'Deployment', 'StatefulSet', 'DaemonSet', 'Service', 'Ingress', 'ConfigMap', 'Secret', 'ServiceAccount', 'PersistentVolume', 'PersistentVolumeClaim', 'StorageClass', 'NetworkPolicy', 'ResourceQuota', 'LimitRange', 'HorizontalPodAutoscaler', 'CronJob', 'PodDisruptionBudget'])
/** Whose coming does something to others. */
const acting: ReadonlySet<string> = new Set(['NetworkPolicy', 'ResourceQuota', 'LimitRange', 'PodDisruptionBudget', 'HorizontalPodAutoscaler'])

const ofKind = (sign: 'k8s.deleted' | 'k8s.created', kinds: ReadonlySet<string>): Recognise => row => {
  const kind = row.get('entityKind') ?? ''
  return kinds.has(kind) ? { sign, detail: { kind } } : undefined
}

const scaled: Recognise = row => {
  const { from, to } = fromTo(row)
  // A ReplicaSet is scaled by the rollout or scaling of its Deployment, which tells it.
  return row.get('entityKind') === 'ReplicaSet' ? undefined : { sign: 'k8s.scaled', detail: { from, to } }
}

const imageChanged: RecogniseK8s = row => ({ sign: 'k8s.image_changed', detail: detailOf({ container: row.container, ...fromTo(row) }) })
const tainted: Recognise = row => ({ sign: 'k8s.node_tainted', detail: detailOf({ taint: fromTo(row).to }) })

/** By `tapio.k8s.change`. */
export const changeSigns: Readonly<Record<string, RecogniseK8s>> = {
  created: ofKind('k8s.created', acting),
  deleted: ofKind('k8s.deleted', weighty),
  container_waiting: waiting,
  container_terminated: terminated,
  container_restarted: restarted,
  container_started: withContainer('k8s.container_started'),
  pod_scheduled: nothing,
  pod_unschedulable: always('k8s.failed_scheduling'),
  pod_ready: always('k8s.pod_ready'),
  pod_not_ready: always('k8s.pod_not_ready'),
  pod_evicted: withReason('k8s.evicted'),
  pod_failed: withReason('k8s.pod_failed'),
  pod_unknown: always('k8s.pod_unknown'),
  pod_disrupted: row => row.get('name') === 'PreemptionByScheduler' ? { sign: 'k8s.preempted', detail: {} } : { sign: 'k8s.evicted', detail: detailOf({ reason: evictionReason(row.get('name')) }) },
  pod_succeeded: nothing,
  pod_terminating: nothing,
  node_condition: nodeCondition,
  node_recovered: nodeRecovered,
  node_cordoned: always('k8s.node_cordoned'),
  node_uncordoned: always('k8s.node_uncordoned'),
  node_tainted: tainted,
  node_untainted: withWhat('k8s.node_changed'),
  node_rebooted: always('node.rebooted'),
  version_changed: withWhat('k8s.node_changed'),
  allocatable_changed: withWhat('k8s.node_changed'),
  heartbeat_lost: always('node.heartbeat_lost'),
  heartbeat_resumed: always('node.heartbeat_resumed'),
  scaled,
  rollout_started: always('k8s.rollout_started'),
  rollout_complete: always('k8s.rollout_complete'),
  rollout_failed: row => admission(row) ?? { sign: 'k8s.rollout_failed', detail: detailOf({ reason: row.get('name') }) },
  rollout_resumed: always('k8s.rollout_complete'),
  workload_degraded: always('k8s.workload_degraded'),
  workload_unavailable: always('k8s.workload_unavailable'),
  workload_recovered: always('k8s.workload_recovered'),
  workload_improved: nothing,
  image_changed: imageChanged,
  resources_changed: withContainer('k8s.resources_changed'),
  template_changed: withWhat('k8s.template_changed'),
  command_changed: withWhat('k8s.template_changed'),
  env_changed: withWhat('k8s.template_changed'),
  probe_changed: withWhat('k8s.template_changed'),
  volume_changed: withWhat('k8s.template_changed'),
  ports_changed: withWhat('k8s.template_changed'),
  paused_changed: withWhat('k8s.workload_paused'),
  suspend_changed: withWhat('k8s.workload_paused'),
  schedule_changed: withWhat('k8s.workload_paused'),
  job_failed: withReason('k8s.job_failed'),
  job_pod_failed: withReason('k8s.job_failed'),
  job_complete: always('k8s.job_complete'),
  service_changed: withWhat('k8s.service_changed'),
  load_balancer_changed: withWhat('k8s.ingress_changed'),
  ingress_changed: withWhat('k8s.ingress_changed'),
  endpoints_lost: always('k8s.endpoints_lost'),
  endpoints_gained: always('k8s.endpoints_gained'),
  no_endpoints: always('k8s.no_endpoints'),
  policy_changed: withWhat('k8s.policy_changed'),
  claim_pending: always('k8s.claim_pending'),
  claim_lost: always('k8s.claim_lost'),
  claim_bound: always('k8s.claim_bound'),
  claim_resizing: nothing,
  claim_size_changed: nothing,
  volume_failed: withReason('k8s.volume_failed'),
  volume_phase: nothing,
  quota_exhausted: withResource('k8s.quota_exhausted'),
  quota_near: withResource('k8s.quota_near'),
  quota_relieved: withResource('k8s.quota_relieved'),
  autoscaler_limited: withReason('k8s.autoscaler_limited'),
  autoscaler_failed: withReason('k8s.autoscaler_failed'),
  autoscaler_recovered: always('k8s.autoscaler_recovered'),
  budget_exhausted: always('k8s.disruption_blocked'),
  budget_violated: always('k8s.budget_violated'),
  budget_relieved: always('k8s.budget_relieved'),
  config_changed: withWhat('k8s.config_changed'),
  namespace_terminating: row => ({ sign: 'k8s.deleted', detail: detailOf({ kind: row.get('entityKind') }) }),
  namespace_stuck: withReason('k8s.namespace_stuck'),
  event: row => eventSign(row)
}

/** Why pods are not admitted, in the API server's words. */
const admissionCauses: readonly (readonly [RegExp, string])[] = [
  [/exceeded quota|failed quota/i, 'quota'],
  [/serviceaccount .{0,256}not found|error looking up service account/i, 'service_account'],
  [/webhook/i, 'webhook'],
  [/(?:maximum|minimum) .{0,64}usage per|limit to request ratio/i, 'limit_range'],
  [/violates PodSecurity|pod security|is forbidden/i, 'policy']
]

const longestMessage = 2048

function admissionCause (message: string): string { return admissionCauses.find(([pattern]) => pattern.test(message))?.[1] ?? 'other' }

function admission (row: RowFacts): Seen | undefined {
  if (row.get('name') !== 'FailedCreate') return undefined
  return { sign: 'k8s.failed_create', detail: { cause: admissionCause((row.get('message') ?? '').slice(0, longestMessage)) } }
}

const probeOf = (message: string): string => /\b(liveness|readiness|startup)\b/i.exec(message)?.[1]?.toLowerCase() ?? ''

const unhealthy: RecogniseK8s = row => ({ sign: 'k8s.probe_failed', detail: detailOf({ probe: probeOf((row.get('message') ?? '').slice(0, longestMessage)), container: row.container }) })

/** The kubelet stops containers for many good reasons; it says when a probe is the one. */
const killing: RecogniseK8s = row => {
  const message = (row.get('message') ?? '').slice(0, longestMessage)
  return /failed (?:liveness|startup) probe/i.test(message) ? { sign: 'k8s.probe_killed', detail: detailOf({ probe: probeOf(message), container: row.container }) } : undefined
}

/** One word for two things: a container that ends too often, and an image that cannot be got. */
const backOff: RecogniseK8s = row => {
  const message = row.get('message') ?? ''
  return /pulling image/i.test(message) ? { sign: 'k8s.image_pull_failed', detail: detailOf({ container: row.container }) } : { sign: 'k8s.crash_loop', detail: detailOf({ container: row.container }) }
}

/** `Failed` of the kubelet: pulling, making or starting a container. */
const failed: RecogniseK8s = row => {
  const message = (row.get('message') ?? '').slice(0, longestMessage)
  if (/pull|ErrImage|InvalidImageName/i.test(message)) return { sign: 'k8s.image_pull_failed', detail: detailOf({ container: row.container }) }
  if (/(?:configmap|secret) .{0,256}not found|couldn't find key|CreateContainerConfigError/i.test(message)) return { sign: 'k8s.container_config_error', detail: detailOf({ container: row.container }) }
  return { sign: 'k8s.container_waiting', detail: detailOf({ container: row.container, reason: 'Failed' }) }
}

const sandbox: Recognise = row => {
  const message = (row.get('message') ?? '').slice(0, longestMessage)
  if (/no (?:IP|available) addresses|IP addresses? available|range set|exhausted/i.test(message)) return { sign: 'net.ip_exhausted', detail: {} }
  if (/\bCNI\b|network plugin|failed to set ?up network|plugin type=/i.test(message)) return { sign: 'net.cni_failed', detail: detailOf({ plugin: /plugin type="?([\w.-]{1,64})/.exec(message)?.[1] }) }
  return { sign: 'net.sandbox_failed', detail: {} }
}

/** What the kubelet calls its own eviction in the pod's conditions, and in its Event. */
function evictionReason (reason: string | undefined): string | undefined { return reason === 'TerminationByKubelet' ? 'Evicted' : reason }

const systemOom: Recognise = row => ({ sign: 'kernel.oom_kill', detail: { scope: row.get('entityKind') === 'Node' ? 'machine' : 'cgroup' } })

const groups: readonly (readonly [RecogniseK8s, string])[] = [
  [nothing, 'Scheduled Pulling Pulled Created Started SuccessfulCreate SuccessfulDelete Completed SuccessfulRescale ScalingReplicaSet NoPods SawCompletedJob LeaderElection RegisteredNode Starting NodeAllocatableEnforced SuccessfulAttachVolume ProvisioningSucceeded Provisioning ExternalProvisioning WaitForFirstConsumer EnsuringLoadBalancer EnsuredLoadBalancer UpdatedLoadBalancer Sync Synced Resizing FileSystemResizeSuccessful VolumeResizeSuccessful Valid NodeHasSufficientMemory NodeHasNoDiskPressure NodeHasSufficientPID SandboxChanged TaintManagerEviction RemovingNode DeletingNode JobAlreadyActive WaitForPodScheduled NodePasswordValidationComplete KubeletStart CIDRNotAvailable'],
  [unhealthy, 'Unhealthy ProbeWarning ProbeError'],
  [killing, 'Killing'],
  [backOff, 'BackOff'],
  [failed, 'Failed'],
  [waiting, 'CrashLoopBackOff ErrImagePull ImagePullBackOff InvalidImageName ErrImageNeverPull ImageInspectError RegistryUnavailable SignatureValidationFailed CreateContainerConfigError CreateContainerError RunContainerError ContainerCannotRun StartError InspectFailed'],
  [() => ({ sign: 'k8s.image_pull_failed', detail: { reason: 'FailedToRetrieveImagePullSecret' }, severity: Severity.warning }), 'FailedToRetrieveImagePullSecret'],
  [withBoth('k8s.hook_failed'), 'FailedPostStartHook FailedPreStopHook PostStartHookError PreStopHookError'],
  [always('k8s.failed_scheduling'), 'FailedScheduling Unschedulable NotTriggerScaleUp'],
  [row => ({ sign: 'k8s.failed_create', detail: { cause: admissionCause((row.get('message') ?? '').slice(0, longestMessage)) } }), 'FailedCreate ReplicaSetCreateError FailedCreatePod'],
  [always('k8s.failed_mount'), 'FailedMount FailedAttachVolume FailedMapVolume FailedMountOnFilesystemMismatch'],
  [withReason('k8s.volume_failed'), 'ProvisioningFailed FailedBinding VolumeFailedDelete VolumeResizeFailed FileSystemResizeFailed VolumeFailed ClaimMisbound FailedDetachVolume FailedUnMount VolumeFailedRecycle'],
  [always('k8s.claim_lost'), 'ClaimLost'],
  [withReason('k8s.evicted'), 'Evicted EvictionByEvictionAPI DeletionByTaintManager TerminationByKubelet'],
  [always('k8s.preempted'), 'Preempted Preempting PreemptionByScheduler'],
  [withReason('k8s.pod_failed'), 'OutOfcpu OutOfmemory OutOfpods NodeAffinity UnexpectedAdmissionError'],
  [systemOom, 'OOMKilling SystemOOM OOMKilled'],
  [always('node.pressure_memory'), 'NodeHasInsufficientMemory KubeletHasInsufficientMemory MemoryPressure EvictionThresholdMet'],
  [always('node.pressure_disk'), 'NodeHasDiskPressure KubeletHasDiskPressure DiskPressure FreeDiskSpaceFailed'],
  [always('node.pressure_pid'), 'NodeHasInsufficientPID KubeletHasInsufficientPID PIDPressure'],
  [always('node.image_gc_failed'), 'ImageGCFailed ContainerGCFailed'],
  // The node controller tells each pod of a node that is not ready, by the same word.
  [row => row.get('entityKind') === 'Pod' ? { sign: 'k8s.pod_not_ready', detail: {} } : { sign: 'node.not_ready', detail: {} }, 'NodeNotReady NodeStatusUnknown KubeletNotReady NodeLost'],
  [always('node.ready'), 'NodeReady'],
  [always('node.rebooted'), 'Rebooted'],
  [always('node.shutdown'), 'Shutdown NodeShutdown TerminatingNode'],
  [always('k8s.node_cordoned'), 'NodeNotSchedulable'],
  [always('k8s.node_uncordoned'), 'NodeSchedulable'],
  [withReason('node.kubelet_failed'), 'KubeletSetupFailed InvalidDiskCapacity FailedNodeAllocatableEnforcement'],
  [row => ({ sign: 'node.condition', detail: detailOf({ condition: row.get('name') }) }), 'KernelOops KernelDeadlock ReadonlyFilesystem FilesystemIsReadOnly TaskHung DockerHung UnregisterNetDevice Ext4Error IOError MemoryReadError FrequentKubeletRestart FrequentContainerdRestart FrequentDockerRestart CorruptDockerOverlay2'],
  [sandbox, 'FailedCreatePodSandBox FailedCreatePodSandbox NetworkNotReady CNIError'],
  [withReason('k8s.endpoints_failed'), 'FailedToUpdateEndpoint FailedToUpdateEndpointSlices FailedToCreateEndpoint'],
  [always('net.load_balancer_failed'), 'SyncLoadBalancerFailed CreatingLoadBalancerFailed UpdateLoadBalancerFailed'],
  [row => ({ sign: 'net.dns_failure', detail: { kind: 'failed' }, severity: row.get('severity') ?? Severity.warning }), 'DNSConfigForming'],
  [withReason('k8s.rollout_failed'), 'ProgressDeadlineExceeded ReplicaFailure DeploymentRollbackRevisionNotFound'],
  [withReason('k8s.job_failed'), 'BackoffLimitExceeded DeadlineExceeded PodFailurePolicy FailedIndexes MaxFailedIndexesExceeded'],
  [withReason('k8s.autoscaler_failed'), 'FailedGetResourceMetric FailedGetExternalMetric FailedGetPodsMetric FailedGetObjectMetric FailedGetContainerResourceMetric FailedGetScale FailedUpdateScale FailedRescale FailedComputeMetricsReplicas InvalidMetricSourceType InvalidSelector'],
  [always('k8s.disruption_blocked'), 'FailedEviction']
]

const byReason: ReadonlyMap<string, RecogniseK8s> = new Map(groups.flatMap(([recognise, words]) => words.split(' ').map(word => [word, recognise] as const)))

/** Reasons of Events that have an entry. */
export const eventReasons: ReadonlySet<string> = new Set(byReason.keys())

function eventSign (row: KubernetesRow): Seen | undefined {
  const reason = row.get('name') ?? ''
  const count = countOf(row)
  const known = byReason.get(reason)
  if (known !== undefined) {
    const seen = known(row)
    return seen === undefined || count === 1 ? seen : { ...seen, count }
  }
  return row.attribute('tapio.k8s.event.type') === 'Warning' ? { sign: 'k8s.warning', detail: { reason }, count } : undefined
}

/** An Event that has come again says how often in all; what is new of it is at least one. */
function countOf (row: RowFacts): number {
  const count = numberOf(row.attribute('k8s.event.count'))
  return row.get('action') === 'MODIFIED' || !(count > 1) ? 1 : Math.min(count, 1_000_000)
}

export function kubernetesSign (row: KubernetesRow): Seen | undefined {
  const change = textOf(row.attribute('tapio.k8s.change'))
  if (Object.hasOwn(changeSigns, change)) return (changeSigns[change] as RecogniseK8s)(row)
  // Changes of a newer Tapio.
  return (row.get('severity') ?? 0) >= Severity.warning ? { sign: 'k8s.warning', detail: detailOf({ reason: row.get('name') }) } : undefined
}
