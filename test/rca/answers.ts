/**
 * Tapio's causes in the words of the benchmark's closed answer set, and nothing else: which object, which phase. What is not in
 * that set is left out. The words are those of the form that `npm run rca` is asked to write.
 */
import type { Hypothesis } from '../../core/incidents/incident.js'

export interface Answer { readonly taxonomy: string, readonly object: string, readonly rootCause: string }

const phases: Readonly<Record<string, readonly string[]>> = {
  Admission_Fault: ['namespace_cpu_quota_exceeded', 'namespace_memory_quota_exceeded', 'namespace_pod_quota_exceeded', 'namespace_service_quota_exceeded', 'namespace_storage_quota_exceeded', 'missing_service_account'],
  Scheduling_Fault: ['node_cordoned', 'node_affinity_mismatch', 'node_selector_mismatch', 'pod_anti_affinity_conflict', 'taint_toleration_mismatch', 'insufficient_node_cpu', 'insufficient_node_memory', 'pvc_selector_mismatch', 'pvc_storage_class_mismatch', 'pvc_access_mode_mismatch', 'pvc_capacity_mismatch', 'pv_binding_occupied'],
  Startup_Fault: ['image_registry_dns_failure', 'incorrect_image_reference', 'missing_image_pull_secret', 'volume_mount_permission_denied'],
  Runtime_Fault: ['oom_killed', 'liveness_probe_incorrect_protocol', 'liveness_probe_incorrect_port', 'liveness_probe_incorrect_timing', 'readiness_probe_incorrect_protocol', 'readiness_probe_incorrect_port'],
  Service_Routing_Fault: ['service_selector_mismatch', 'service_port_mapping_mismatch', 'service_protocol_mismatch', 'service_env_var_address_mismatch'],
  Performance_Fault: ['pod_cpu_overload', 'pod_network_delay'],
  Infrastructure_Fault: ['node_network_delay', 'node_network_packet_loss', 'containerd_unavailable', 'kubelet_unavailable', 'kube_proxy_unavailable', 'kube_scheduler_unavailable']
}
const phaseOf = new Map(Object.entries(phases).flatMap(([phase, causes]) => causes.map(cause => [cause, phase] as const)))

export function answerOf ({ cause, subject }: Hypothesis): Answer | undefined {
  const taxonomy = phaseOf.get(cause)
  if (taxonomy === undefined) return undefined
  // The answer set blames the application that finds no node, not the node.
  if (cause === 'node_cordoned' && subject.kind === 'Node') return undefined
  const kind = subject.kind === 'Node' ? 'node' : subject.kind === 'Namespace' ? 'namespace' : 'service'
  return { taxonomy, object: `${kind}/${subject.name}`, rootCause: cause }
}
