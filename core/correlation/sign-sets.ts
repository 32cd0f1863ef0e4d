/** Signs that propagate alike, by name: used in propagation.ts as `@name`. A member that ends with `.*` is a whole layer. */
export const signSets = {
  /** What makes a pod useless to those who need it. */
  pod_down: [
    'k8s.container_oom_killed', 'k8s.container_exited', 'k8s.container_restarted', 'k8s.container_waiting', 'k8s.crash_loop', 'k8s.image_pull_failed',
    'k8s.container_config_error', 'k8s.hook_failed', 'k8s.probe_failed', 'k8s.probe_killed', 'k8s.failed_scheduling', 'k8s.failed_mount', 'k8s.evicted', 'k8s.preempted',
    'k8s.pod_failed', 'k8s.pod_not_ready', 'k8s.pod_unknown', 'net.sandbox_failed', 'net.cni_failed'
  ],
  /** A container cannot be made, or not be kept. */
  container_stuck: ['k8s.container_waiting', 'k8s.image_pull_failed', 'k8s.container_config_error', 'k8s.hook_failed', 'net.sandbox_failed'],
  container_ended: ['k8s.container_oom_killed', 'k8s.container_exited', 'k8s.probe_killed', 'k8s.crash_loop', 'k8s.container_restarted'],
  workload_down: ['k8s.workload_unavailable', 'k8s.workload_degraded', 'k8s.rollout_failed', 'k8s.job_failed', 'k8s.budget_violated'],
  service_down: ['k8s.no_endpoints', 'k8s.endpoints_lost', 'k8s.endpoints_failed'],
  /** A caller did not get through, or got no answer. */
  no_connection: [
    'net.connection_refused', 'net.connection_timeout', 'net.connection_unreachable', 'net.connection_reset', 'net.connection_failed', 'net.connection_abandoned',
    'net.proxy_error', 'app.unavailable', 'app.timeout', 'app.call_failed'
  ],
  slow_connection: ['net.connection_timeout', 'net.connection_abandoned', 'net.connection_slow', 'net.retransmits', 'app.timeout', 'app.slow', 'app.call_failed'],
  no_name: ['net.dns_failure'],
  app_error: ['app.*'],
  /** Errors in the words of a program or its spans. */
  app_failure: ['app.span_error', 'app.call_failed', 'app.http_5xx', 'app.log_error', 'app.timeout', 'app.unavailable', 'app.panic', 'app.alert', 'app.slow', 'app.slo_burn'],
  /** The program itself says why it cannot go on. */
  app_fatal: ['app.panic', 'app.config_error', 'app.file_missing', 'app.permission_denied', 'app.auth_failed', 'app.out_of_memory', 'app.no_space', 'app.too_many_files', 'app.address_in_use', 'app.log_error'],
  memory: ['kernel.oom_kill', 'kernel.memory_stall', 'node.memory_exhausted', 'node.pressure_memory', 'kernel.allocation_failure'],
  disk_fault: ['kernel.io_error', 'kernel.filesystem_read_only', 'kernel.filesystem_error'],
  machine_fault: [
    'kernel.panic', 'kernel.oops', 'kernel.lockup', 'kernel.hung_task', 'kernel.hardware_error', 'kernel.allocation_failure', 'kernel.io_error', 'kernel.filesystem_read_only',
    'kernel.filesystem_error', 'kernel.table_full', 'kernel.memory_stall', 'kernel.oom_kill', 'node.memory_exhausted', 'node.rebooted', 'node.shutdown', 'node.pressure_memory', 'node.pressure_disk', 'node.pressure_pid'
  ],
  node_away: ['node.not_ready', 'node.heartbeat_lost', 'node.shutdown', 'node.rebooted', 'kernel.panic', 'node.network_unavailable'],
  unit_down: ['node.unit_failed', 'node.unit_restarting', 'node.unit_start_limit', 'node.unit_timeout', 'node.unit_exec_failed', 'node.unit_oom_killed', 'node.unit_down', 'node.unit_stopped', 'node.kubelet_failed', 'node.error'],
  link_fault: [
    'net.link_down', 'net.link_hung', 'net.link_changed', 'net.address_changed', 'net.route_changed', 'net.conntrack_full', 'net.neighbour_table_full', 'net.neighbour_unreachable',
    'net.packet_drop', 'net.ip_duplicate', 'net.error', 'node.network_unavailable'
  ],
  cni_fault: ['net.cni_not_configured', 'net.cni_failed', 'net.ip_exhausted', 'net.ip_duplicate', 'net.ip_leaked'],
  net_error: ['net.*'],
  rollout: ['k8s.rollout_started', 'k8s.image_changed', 'k8s.template_changed', 'k8s.resources_changed'],
  volume_fault: ['k8s.claim_pending', 'k8s.claim_lost', 'k8s.volume_failed'],
  gone: ['k8s.deleted'],
  config: ['k8s.config_changed', 'k8s.deleted', 'k8s.created']
} as const satisfies Readonly<Record<string, readonly string[]>>
export type SignSetName = keyof typeof signSets
/** A sign, a layer (`net.*`), a set (`@pod_down`), or a role (`role:trouble`). */
export type SignPattern = `${string}.${string}` | `@${SignSetName}` | 'role:trouble' | 'role:change' | 'role:finding'

export function matches (pattern: SignPattern, sign: string, role: string): boolean {
  if (pattern.startsWith('role:')) return pattern.slice(5) === role
  if (pattern.startsWith('@')) return signSets[pattern.slice(1) as SignSetName].some(member => isOf(member, sign))
  return isOf(pattern, sign)
}

function isOf (member: string, sign: string): boolean { return member.endsWith('.*') ? sign.startsWith(member.slice(0, -1)) : member === sign }
