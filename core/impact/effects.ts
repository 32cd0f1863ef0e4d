/** What a sign means for the thing that shows it: its effect, and how bad it is by itself. */
import { isSign, type SignName } from '../correlation/signs.js'
import type { Symptom } from '../correlation/symptom.js'

/** `down`: it does not do its work. `impaired`: it does, worse. `pressure`: it may stop. */
export type Effect = 'down' | 'impaired' | 'pressure'

interface Weight { readonly effect: Effect, readonly base: number }

const down = (base: number): Weight => ({ effect: 'down', base })
const impaired = (base: number): Weight => ({ effect: 'impaired', base })
const pressure = (base: number): Weight => ({ effect: 'pressure', base })

/**
 * `base`, 0 to 1: the original's assessment where it had one (out of memory .9; crash loop, mount, server errors .8; scheduling, errors,
 * timeouts, refused .7; warnings .5), its neighbours beside it. An end of a connection that tells of an error is impaired, not down: the other end may be.
 */
const troubles: Partial<Record<SignName, Weight>> = {
  'kernel.oom_kill': down(0.9), 'kernel.memory_stall': pressure(0.5), 'kernel.fatal_signal': down(0.8), 'kernel.allocation_failure': impaired(0.7), 'kernel.io_error': impaired(0.8),
  'kernel.filesystem_read_only': impaired(0.9), 'kernel.filesystem_error': impaired(0.85), 'kernel.hung_task': impaired(0.8), 'kernel.lockup': impaired(0.9), 'kernel.oops': impaired(0.8),
  'kernel.panic': down(1), 'kernel.hardware_error': impaired(0.85), 'kernel.cpu_throttled': pressure(0.5), 'kernel.table_full': impaired(0.8), 'kernel.error': impaired(0.6),

  'node.not_ready': down(0.95), 'node.heartbeat_lost': down(0.9), 'node.pressure_memory': pressure(0.7), 'node.pressure_disk': pressure(0.7), 'node.pressure_pid': pressure(0.7),
  'node.network_unavailable': down(0.9), 'node.condition': impaired(0.7), 'node.rebooted': down(0.8), 'node.shutdown': down(0.8), 'node.memory_exhausted': impaired(0.9),
  'node.image_gc_failed': pressure(0.5), 'node.kubelet_failed': impaired(0.8), 'node.unit_failed': down(0.7), 'node.unit_restarting': down(0.7), 'node.unit_start_limit': down(0.8),
  'node.unit_timeout': down(0.7), 'node.unit_exec_failed': down(0.7), 'node.unit_oom_killed': down(0.85), 'node.unit_down': down(0.6), 'node.core_dump': impaired(0.7), 'node.error': impaired(0.6),

  'net.connection_refused': impaired(0.7), 'net.connection_timeout': impaired(0.7), 'net.connection_unreachable': impaired(0.7), 'net.connection_reset': impaired(0.6),
  'net.connection_failed': impaired(0.6), 'net.connection_abandoned': impaired(0.5), 'net.connection_slow': pressure(0.4), 'net.port_closed': impaired(0.6), 'net.accept_queue_full': impaired(0.7),
  'net.retransmits': pressure(0.5), 'net.packet_drop': pressure(0.5), 'net.dns_failure': impaired(0.8), 'net.tls_failure': impaired(0.8), 'net.proxy_error': impaired(0.8),
  'net.cni_failed': down(0.8), 'net.cni_not_configured': down(0.9), 'net.sandbox_failed': down(0.8), 'net.ip_exhausted': down(0.8), 'net.ip_nearly_exhausted': pressure(0.5),
  'net.ip_leaked': pressure(0.3), 'net.ip_duplicate': impaired(0.7), 'net.link_down': impaired(0.8), 'net.link_hung': impaired(0.8), 'net.neighbour_unreachable': impaired(0.6),
  'net.conntrack_full': impaired(0.8), 'net.neighbour_table_full': impaired(0.8), 'net.syn_flood': pressure(0.6), 'net.load_balancer_failed': down(0.8), 'net.error': impaired(0.6),

  'k8s.container_oom_killed': down(0.9), 'k8s.container_exited': down(0.7), 'k8s.container_restarted': impaired(0.5), 'k8s.container_waiting': down(0.7), 'k8s.crash_loop': down(0.8),
  'k8s.image_pull_failed': down(0.7), 'k8s.container_config_error': down(0.8), 'k8s.hook_failed': impaired(0.6), 'k8s.probe_failed': impaired(0.6), 'k8s.probe_killed': down(0.7),
  'k8s.failed_scheduling': down(0.7), 'k8s.failed_create': down(0.8), 'k8s.failed_mount': down(0.8), 'k8s.evicted': down(0.8), 'k8s.preempted': down(0.6), 'k8s.pod_failed': down(0.8),
  'k8s.pod_not_ready': down(0.7), 'k8s.pod_unknown': down(0.7), 'k8s.workload_degraded': impaired(0.7), 'k8s.workload_unavailable': down(0.9), 'k8s.rollout_failed': impaired(0.7),
  'k8s.job_failed': down(0.6), 'k8s.no_endpoints': down(0.9), 'k8s.endpoints_lost': impaired(0.6), 'k8s.endpoints_failed': impaired(0.7), 'k8s.quota_exhausted': pressure(0.7),
  'k8s.quota_near': pressure(0.4), 'k8s.claim_pending': down(0.7), 'k8s.claim_lost': down(0.9), 'k8s.volume_failed': down(0.8), 'k8s.autoscaler_failed': impaired(0.6),
  'k8s.autoscaler_limited': pressure(0.5), 'k8s.budget_violated': pressure(0.6), 'k8s.disruption_blocked': pressure(0.4), 'k8s.namespace_stuck': impaired(0.4), 'k8s.warning': impaired(0.5),

  'app.span_error': impaired(0.7), 'app.call_failed': impaired(0.7), 'app.http_5xx': impaired(0.8), 'app.slow': pressure(0.6), 'app.timeout': impaired(0.7), 'app.unavailable': impaired(0.8),
  'app.rate_limited': impaired(0.6), 'app.auth_failed': impaired(0.7), 'app.permission_denied': impaired(0.7), 'app.no_space': impaired(0.9), 'app.out_of_memory': down(0.9), 'app.too_many_files': impaired(0.8),
  'app.address_in_use': down(0.7), 'app.file_missing': impaired(0.7), 'app.config_error': down(0.8), 'app.panic': down(0.9), 'app.log_error': impaired(0.6), 'app.alert': impaired(0.6), 'app.slo_burn': impaired(0.8)
}

/** Signs after which a node's pods do no work. Others of a node, however bad, leave most of them running. */
const nodeIsDown: ReadonlySet<string> = new Set<SignName>(['node.not_ready', 'node.heartbeat_lost', 'node.network_unavailable', 'node.rebooted', 'node.shutdown', 'kernel.panic'])

/** What a pattern finds wrong keeps something from working; signs nobody has weighed are impairments. */
export function weightOf ({ sign, role }: Pick<Symptom, 'sign' | 'role'>): Weight {
  return (isSign(sign) ? troubles[sign] : undefined) ?? (role === 'finding' ? down(0.7) : impaired(0.6))
}

export function effectOf (symptom: Pick<Symptom, 'sign' | 'role' | 'entity'>): Effect {
  const { effect } = weightOf(symptom)
  return effect === 'down' && symptom.entity.kind === 'Node' && !nodeIsDown.has(symptom.sign) ? 'impaired' : effect
}

/** Signs that come again with every try, so that their rate says how hard callers try. */
export function isRepeating (sign: string): boolean { return repeating.has(sign) }

const repeating: ReadonlySet<string> = new Set<SignName>([
  'net.connection_refused', 'net.connection_timeout', 'net.connection_unreachable', 'net.connection_reset', 'net.connection_failed', 'net.connection_abandoned', 'net.retransmits', 'net.accept_queue_full',
  'net.dns_failure', 'net.tls_failure', 'net.proxy_error', 'app.span_error', 'app.call_failed', 'app.http_5xx', 'app.timeout', 'app.unavailable', 'app.rate_limited', 'app.slo_burn'
])

/** For people: `not ready`, `connection refused`. */
export function signWords (sign: string): string { return sign.slice(sign.indexOf('.') + 1).replaceAll('_', ' ').replaceAll('.', ' ') }
