/**
 * What may cause what, over which relation: the knowledge of k8s_correlation, as data. A rule is as sure as `base` when both
 * happen at once, side by side and without doubt; time, distance and doubt take from it (nearness.ts). Of all rules that fit a pair the
 * surest counts. Figures are judgements of how often the cause, when it is there, is the reason; those of the original
 * (original-tapio.md 3.1, 3.6, 3.14) are kept where they are sane.
 */
import { hostOf, isAddress } from './peers.js'
import { isOfHost } from './place.js'
import type { RelationName } from './relations.js'
import type { SignPattern } from './sign-sets.js'
import type { Symptom } from './symptom.js'

export interface Rule {
  readonly causes: readonly SignPattern[]
  readonly effects: readonly SignPattern[]
  readonly over: readonly RelationName[]
  /** 0 to 1. */
  readonly base: number
  /** How long after the cause an effect may begin; left out: the `time_window` option. */
  readonly windowMs?: number
  /** A clause with `{cause}` and `{effect}`; left out: the words of the relation. */
  readonly says?: string
  readonly when?: (cause: Symptom, effect: Symptom) => boolean
}

const minuteMs = 60_000
/** A change shows when pods are replaced, caches expire, somebody calls. */
const changeWindowMs = 10 * minuteMs

type Patterns = SignPattern | readonly SignPattern[]
const listOf = (patterns: Patterns): readonly SignPattern[] => typeof patterns === 'string' ? [patterns] : patterns

function rule (causes: Patterns, effects: Patterns, over: RelationName | readonly RelationName[], base: number, more: Pick<Rule, 'windowMs' | 'says' | 'when'> = {}): Rule {
  return { causes: listOf(causes), effects: listOf(effects), over: typeof over === 'string' ? [over] : over, base, ...more }
}

/** Words of either side's events. */
const says = (symptom: Symptom, pattern: RegExp): boolean => symptom.evidence.some(e => pattern.test(e.message))

const runtimeUnit = /^(kubelet|containerd|docker|crio|cri-o|dockershim|snap\.(kubelet|microk8s)|k3s|rke2)/
const networkUnit = /^(systemd-networkd|NetworkManager|networking|systemd-resolved|firewalld|iptables|nftables|flannel|calico|cilium|openvswitch|ovs-)/
const isRuntime = (cause: Symptom): boolean => cause.entity.kind !== 'Unit' || runtimeUnit.test(cause.entity.name)
const isNetworkUnit = (cause: Symptom): boolean => cause.entity.kind === 'Interface' || cause.entity.kind === 'Node' || networkUnit.test(cause.entity.name)
const isOfMachine = (cause: Symptom): boolean => cause.detail.scope === 'machine' || cause.entity.kind === 'Node'
const isFewer = (cause: Symptom): boolean => typeof cause.detail.to !== 'number' || typeof cause.detail.from !== 'number' || cause.detail.to < cause.detail.from
const isNone = (cause: Symptom): boolean => Number(cause.detail.to) === 0

const sameProgram: readonly Rule[] = [
  rule('kernel.oom_kill', 'k8s.container_oom_killed', 'same', 0.97, { windowMs: 2 * minuteMs, says: 'the kernel killed a process of {effect} for lack of memory' }),
  rule('kernel.oom_kill', ['@container_ended', 'k8s.pod_not_ready', 'k8s.probe_failed'], 'same', 0.85, { says: 'the kernel killed a process of {effect} for lack of memory' }),
  rule('kernel.memory_stall', ['kernel.oom_kill', 'k8s.container_oom_killed'], 'same', 0.88, { says: '{effect} had run short of memory before' }),
  rule('kernel.memory_stall', ['app.slow', 'app.timeout', 'k8s.probe_failed', 'k8s.pod_not_ready'], 'same', 0.78, { says: 'tasks of {effect} waited for memory' }),
  rule('kernel.fatal_signal', ['@container_ended', 'k8s.pod_not_ready', 'node.core_dump'], 'same', 0.92, { says: 'a signal ended a process of {effect}' }),
  rule(['kernel.oom_kill', 'kernel.fatal_signal'], ['@app_failure', 'net.proxy_error'], 'same', 0.78, { says: 'a process of {effect} was killed' }),
  rule('k8s.container_oom_killed', ['k8s.crash_loop', 'k8s.container_exited', 'k8s.container_restarted', 'k8s.pod_not_ready'], 'same', 0.95, { windowMs: changeWindowMs, says: 'a container of {effect} was killed for lack of memory' }),
  rule('k8s.container_exited', ['k8s.crash_loop', 'k8s.container_restarted', 'k8s.pod_not_ready', 'k8s.pod_failed'], 'same', 0.93, { windowMs: changeWindowMs, says: 'a container of {effect} ended with an error' }),
  rule('k8s.crash_loop', ['k8s.pod_not_ready', 'k8s.container_waiting'], 'same', 0.9, { windowMs: changeWindowMs, says: 'a container of {effect} ends again and again' }),
  rule('k8s.probe_failed', ['k8s.probe_killed', 'k8s.container_exited', 'k8s.container_restarted', 'k8s.crash_loop', 'k8s.pod_not_ready'], 'same', 0.92, { says: 'a probe of {effect} failed' }),
  rule('k8s.probe_killed', ['k8s.container_exited', 'k8s.container_restarted', 'k8s.crash_loop', 'k8s.pod_not_ready'], 'same', 0.94, { says: 'the kubelet stopped a container of {effect} for its probe' }),
  rule('@container_stuck', ['k8s.pod_not_ready', 'k8s.pod_failed', 'k8s.container_waiting'], 'same', 0.94, { windowMs: changeWindowMs, says: 'a container of {effect} cannot be started' }),
  rule(['k8s.failed_scheduling', 'k8s.failed_mount', 'k8s.evicted', 'k8s.preempted', 'k8s.pod_failed', 'k8s.pod_unknown'], ['k8s.pod_not_ready', 'k8s.container_waiting', 'k8s.pod_failed', 'k8s.container_exited'], 'same', 0.93, { windowMs: changeWindowMs }),
  rule(['net.cni_failed', 'net.ip_exhausted', 'net.cni_not_configured'], ['net.sandbox_failed', 'k8s.pod_not_ready', 'k8s.container_waiting'], 'same', 0.95, { says: '{effect} got no network' }),
  rule('@app_fatal', ['k8s.container_exited', 'k8s.crash_loop', 'k8s.probe_failed', 'k8s.pod_not_ready', 'kernel.fatal_signal'], 'same', 0.8, { says: 'a program of {effect} said that it cannot go on' }),
  rule(['app.slow', 'app.timeout', 'app.unavailable', 'net.accept_queue_full', 'net.port_closed'], ['k8s.probe_failed', 'k8s.pod_not_ready'], 'same', 0.75, { says: '{effect} answered late or not at all' }),
  rule('net.*', ['@app_error', 'net.proxy_error'], 'same', 0.88, { says: '{effect} had trouble with its connections', when: (cause, effect) => peersAgree(cause, effect) }),
  rule(['@no_connection', '@no_name', 'net.tls_failure', 'app.auth_failed'], ['k8s.probe_failed', 'k8s.container_exited', 'k8s.crash_loop', 'k8s.pod_not_ready'], 'same', 0.78, { says: '{effect} does not get on without what it calls' }),
  rule('@container_ended', ['@app_failure', 'net.connection_reset', 'net.port_closed'], 'same', 0.75, { says: 'a container of {effect} had ended' }),
  rule('app.call_failed', ['app.span_error', 'app.http_5xx', 'app.log_error'], 'same', 0.85, { says: 'a call that {effect} makes failed' }),
  rule(['app.timeout', 'app.unavailable', 'app.rate_limited', 'app.auth_failed', 'app.panic', 'app.permission_denied', 'app.no_space', 'app.too_many_files'], ['app.span_error', 'app.http_5xx', 'app.log_error'], 'same', 0.78),
  rule(['app.span_error', 'app.log_error'], ['app.http_5xx', 'app.alert', 'app.slo_burn'], 'same', 0.8),
  rule(['app.http_5xx', 'app.slow'], ['app.alert', 'app.slo_burn'], 'same', 0.85),
  rule('app.log_error', 'app.span_error', 'same', 0.65)
]

const nodes: readonly Rule[] = [
  rule(['node.pressure_memory', 'node.pressure_disk', 'node.pressure_pid', 'node.memory_exhausted'], 'k8s.evicted', 'node', 0.95, { windowMs: changeWindowMs, says: '{effect} ran on {cause}, which was running out' }),
  rule(['node.pressure_memory', 'node.memory_exhausted', 'kernel.memory_stall'], ['kernel.oom_kill', 'k8s.container_oom_killed', 'kernel.memory_stall'], 'node', 0.88, { says: '{effect} ran on {cause}, which ran out of memory', when: isOfMachine }),
  rule('kernel.oom_kill', ['k8s.evicted', 'k8s.container_oom_killed', 'k8s.container_exited', 'k8s.pod_not_ready'], 'node', 0.82, { says: '{effect} ran on {cause}, which ran out of memory', when: isOfMachine }),
  rule('@node_away', ['k8s.pod_not_ready', 'k8s.evicted', 'k8s.pod_unknown', 'k8s.pod_failed', 'k8s.container_exited', 'k8s.probe_failed'], 'node', 0.93, { windowMs: changeWindowMs, says: '{effect} ran on {cause}, which went away' }),
  rule('@machine_fault', ['@pod_down', '@disk_fault', '@app_failure'], 'node', 0.75),
  rule('@disk_fault', ['kernel.filesystem_read_only', 'kernel.filesystem_error', 'kernel.hung_task', 'node.pressure_disk'], ['same', 'host'], 0.86, { says: 'a disk of {cause} has faults', when: (cause, effect) => cause.sign !== effect.sign }),
  rule(['kernel.memory_stall', 'node.pressure_memory'], ['node.memory_exhausted', 'kernel.hung_task', 'kernel.allocation_failure'], ['same', 'host'], 0.85, { says: '{cause} had run short of memory before' }),
  rule('@disk_fault', ['k8s.failed_mount', 'app.no_space', 'app.log_error', 'app.file_missing', 'k8s.container_exited', 'k8s.crash_loop', 'k8s.container_waiting'], ['node', 'host'], 0.82, { says: 'a disk of {cause} has faults' }),
  rule('kernel.cpu_throttled', ['app.slow', 'app.timeout', 'k8s.probe_failed'], 'node', 0.75),
  rule('node.clock_changed', ['net.tls_failure', 'app.auth_failed', 'node.not_ready', 'node.heartbeat_lost'], ['node', 'host', 'same'], 0.82, { says: 'the clock of {cause} was set' }),
  rule('@machine_fault', ['@node_away', '@unit_down', 'node.pressure_memory', 'node.pressure_disk', 'node.condition'], ['same', 'host'], 0.85, { says: 'the machine itself was in trouble' }),
  rule('@unit_down', ['@node_away', 'node.condition'], 'host', 0.93, { says: '{effect} needs {cause}', when: isRuntime }),
  rule('@unit_down', ['@node_away', '@unit_down'], 'same', 0.85),
  rule('@unit_down', '@unit_down', 'host', 0.72, { says: '{effect} needs {cause}', when: cause => isRuntime(cause) }),
  rule('@unit_down', ['@container_stuck', 'k8s.probe_failed', 'k8s.pod_not_ready', 'k8s.pod_unknown', 'k8s.failed_mount'], 'host', 0.8, { says: 'the node that {effect} runs on needs {cause}', when: isRuntime }),
  rule(['@unit_down', '@link_fault'], ['@node_away'], ['host', 'same'], 0.85, { says: '{effect} is reached over {cause}', when: isNetworkUnit }),
  rule(['@unit_down', '@link_fault'], ['@no_connection', '@slow_connection', '@no_name', 'net.packet_drop', 'k8s.probe_failed'], ['host', 'node'], 0.82, { says: 'the traffic of {effect} goes through {cause}', when: isNetworkUnit }),
  rule('@cni_fault', ['net.cni_failed', 'net.sandbox_failed', 'k8s.container_waiting', 'k8s.pod_not_ready'], ['node', 'host'], 0.94, { windowMs: changeWindowMs, says: 'the node gave {effect} no network' }),
  rule('@cni_fault', ['node.not_ready', 'node.network_unavailable', 'net.cni_failed'], ['same', 'host'], 0.88, { says: 'the network of {effect} is not set up' }),
  rule('@pod_down', ['net.cni_failed', 'net.sandbox_failed', 'net.cni_not_configured'], 'node_agent', 0.8, { says: '{cause} serves the network of the node that {effect} runs on', when: isAgent }),
  rule('k8s.node_cordoned', ['k8s.evicted', 'k8s.pod_not_ready', 'k8s.pod_failed'], 'node', 0.85, { windowMs: changeWindowMs, says: '{cause} is being drained of {effect}' }),
  rule('k8s.node_tainted', ['k8s.evicted', 'k8s.pod_not_ready'], 'node', 0.8, { windowMs: changeWindowMs }),
  rule(['k8s.node_cordoned', 'k8s.node_tainted', 'k8s.node_changed'], 'k8s.failed_scheduling', 'cluster_nodes', 0.85, {
    windowMs: changeWindowMs, when: (_, effect) => says(effect, /unschedulable|untolerated taint|had taint|insufficient/i)
  }),
  rule(['@node_away', 'node.pressure_memory', 'node.pressure_disk', 'node.pressure_pid'], 'k8s.failed_scheduling', 'cluster_nodes', 0.82, {
    windowMs: changeWindowMs, when: (_, effect) => says(effect, /node\.kubernetes\.io\/|not ready|unreachable|pressure/i)
  })
]

const workloadRules: readonly Rule[] = [
  rule('@pod_down', ['@workload_down', 'k8s.autoscaler_failed'], 'parts', 0.92, { windowMs: changeWindowMs, says: '{cause} is a pod of {effect}' }),
  rule('k8s.failed_create', '@workload_down', ['same', 'parts'], 0.95, { windowMs: changeWindowMs, says: 'pods of {effect} are not admitted' }),
  rule('@workload_down', '@workload_down', ['parts', 'same'], 0.8, { when: (cause, effect) => cause.entity.kind !== effect.entity.kind || cause.sign !== effect.sign }),
  rule('@rollout', [...(['@pod_down', '@workload_down', 'k8s.failed_create'] as const)], ['owner', 'same', 'parts'], 0.88, { windowMs: changeWindowMs, says: '{cause} was changed before' }),
  rule('@rollout', ['@app_error', '@net_error', 'kernel.fatal_signal', 'kernel.oom_kill'], ['owner', 'same'], 0.82, { windowMs: changeWindowMs, says: '{cause} was changed before' }),
  rule('@rollout', ['k8s.quota_exhausted'], 'limits', 0.5),
  rule('k8s.scaled', ['k8s.quota_exhausted', 'k8s.failed_create', 'k8s.failed_scheduling'], ['same', 'owner'], 0.82, { says: '{cause} was scaled before' }),
  rule('k8s.scaled', ['@workload_down', '@app_failure'], 'same', 0.8, { when: isFewer, says: '{cause} was scaled down before' }),
  rule('k8s.scaled', '@service_down', 'serving', 0.9, { when: isFewer, says: '{cause}, whose pods {effect} sends its traffic to, was scaled down' }),
  rule(['k8s.autoscaler_limited', 'k8s.autoscaler_failed'], ['app.slow', 'app.timeout', 'app.http_5xx', '@workload_down', 'k8s.probe_failed'], 'scaler', 0.75, { says: '{cause} gives {effect} no more replicas' }),
  rule('k8s.policy_changed', ['@workload_down', 'app.slow', 'k8s.scaled'], 'scaler', 0.75, { windowMs: changeWindowMs }),
  rule(['k8s.quota_exhausted', 'k8s.policy_changed', 'k8s.created'], 'k8s.failed_create', 'limits', 0.95, { windowMs: changeWindowMs, says: '{cause} limits what {effect} may create', when: (_, effect) => blames(effect, ['quota', 'limit_range']) }),
  rule(['k8s.policy_changed', 'k8s.config_changed', 'k8s.deleted'], ['k8s.failed_create', 'app.permission_denied', 'app.auth_failed'], 'account', 0.85, { windowMs: changeWindowMs }),
  rule('k8s.deleted', ['@pod_down', '@workload_down'], ['owner', 'same'], 0.8, { windowMs: changeWindowMs, says: '{cause} was deleted' })
]

const needs: readonly Rule[] = [
  rule('@volume_fault', ['k8s.failed_scheduling', 'k8s.failed_mount', 'k8s.container_waiting', 'k8s.pod_not_ready', '@workload_down'], 'claim', 0.95, { windowMs: changeWindowMs }),
  rule(['@volume_fault', '@gone', 'k8s.policy_changed'], '@volume_fault', ['storage', 'same'], 0.88, { windowMs: changeWindowMs, when: (cause, effect) => cause.sign !== effect.sign || cause.entity.name !== effect.entity.name }),
  rule('@gone', ['@pod_down', '@volume_fault', '@workload_down'], 'claim', 0.92, { windowMs: changeWindowMs, says: '{cause}, which {effect} needs, was deleted' }),
  rule('@gone', ['@pod_down', '@workload_down', '@app_error', 'net.tls_failure'], ['config', 'account'], 0.93, { windowMs: changeWindowMs, says: '{cause}, which {effect} needs, was deleted' }),
  rule('@config', ['@pod_down', '@workload_down', '@app_error', '@net_error'], 'config', 0.85, { windowMs: changeWindowMs, says: '{cause}, which {effect} takes its configuration from, was changed' }),
  rule(['k8s.policy_changed', 'k8s.created', 'k8s.deleted'], ['@no_connection', '@slow_connection', '@no_name', 'net.packet_drop', 'k8s.probe_failed'], 'policy', 0.88, { windowMs: changeWindowMs }),
  rule(['k8s.policy_changed', 'k8s.created', 'k8s.deleted'], ['@no_connection', '@slow_connection'], 'calls_policy', 0.88, { windowMs: changeWindowMs })
]

const traffic: readonly Rule[] = [
  rule('@pod_down', '@service_down', 'backends', 0.93, { says: '{effect} sends its traffic to {cause}' }),
  rule('@pod_down', ['k8s.budget_violated', 'k8s.disruption_blocked'], 'counted', 0.9),
  rule(['@workload_down', 'k8s.deleted'], '@service_down', 'serving', 0.9, { windowMs: changeWindowMs }),
  rule(['k8s.service_changed', 'k8s.endpoints_failed', 'k8s.endpoints_lost'], ['k8s.no_endpoints', 'k8s.endpoints_lost'], 'same', 0.9, { says: '{effect} had been changed, or had lost pods before', when: (cause, effect) => cause.sign !== effect.sign }),
  rule(['@service_down', '@gone', 'k8s.service_changed'], '@no_connection', 'calls', 0.92, { says: '{effect} calls {cause}, which has nobody to answer' }),
  rule('@service_down', ['app.span_error', 'app.http_5xx', 'app.log_error', 'app.slow'], 'calls', 0.85, { says: '{effect} calls {cause}, which has nobody to answer' }),
  rule(['@pod_down', '@workload_down'], '@no_connection', 'calls', 0.88, { says: '{effect} calls {cause}, which was down' }),
  rule(['@pod_down', '@workload_down', 'kernel.oom_kill', 'kernel.fatal_signal'], ['app.span_error', 'app.http_5xx', 'app.log_error', 'app.slow'], 'calls', 0.8, { says: '{effect} calls {cause}, which was down' }),
  rule('k8s.scaled', '@no_connection', 'calls', 0.85, { when: isNone, says: '{effect} calls {cause}, which was scaled to zero' }),
  rule('@app_error', ['app.span_error', 'app.call_failed', 'app.http_5xx', 'app.log_error', 'app.timeout', 'app.unavailable', 'app.alert', 'app.slo_burn'], 'calls', 0.85, { says: '{effect} calls {cause}, which failed itself' }),
  rule(['app.slow', 'app.timeout', 'net.accept_queue_full', 'net.syn_flood', 'kernel.memory_stall', 'app.rate_limited'], '@slow_connection', 'calls', 0.85, { says: '{effect} calls {cause}, which was slow' }),
  rule(['net.port_closed', 'net.accept_queue_full', 'net.packet_drop'], '@no_connection', 'calls', 0.85),
  rule(['net.tls_failure', '@no_connection'], ['app.span_error', 'app.call_failed', 'app.http_5xx', 'app.timeout', 'app.slow'], 'calls', 0.72, { says: '{effect} calls {cause}, which did not get through to others' }),
  rule(['@service_down', 'k8s.service_changed'], ['@app_failure', 'net.proxy_error', '@no_connection'], 'routes', 0.9),
  rule(['k8s.ingress_changed'], ['@app_failure', 'net.proxy_error'], 'same', 0.82, { windowMs: changeWindowMs }),
  rule('@app_failure', ['@app_failure', 'net.proxy_error'], ['routes', 'backends'], 0.82, { says: '{effect} is served by {cause}', when: (cause, effect) => cause.entity.kind !== effect.entity.kind }),
  rule(['@pod_down', '@workload_down', 'kernel.oom_kill'], '@app_failure', ['backends', 'serving'], 0.82, { says: '{effect} is served by {cause}, which was down' }),
  rule('@service_down', '@app_failure', 'same', 0.85, { says: '{effect} had nobody to answer' }),
  rule(['@pod_down', '@service_down', '@workload_down', '@app_failure', 'k8s.config_changed', 'k8s.scaled', 'kernel.oom_kill', '@rollout'], '@no_name', 'cluster_dns', 0.92),
  rule(['@pod_down', '@workload_down', '@app_failure'], ['k8s.failed_create', '@workload_down', 'k8s.rollout_failed', 'k8s.failed_scheduling'], 'control_plane', 0.7, { when: (_, effect) => effect.entity.namespace !== 'kube-system' })
]

/** When no rule knows the signs: what something needs has trouble of its own, so that may be why. */
const fallback: readonly Rule[] = [
  rule(['role:finding'], 'role:trouble', ['same', 'owner', 'config', 'claim', 'account', 'backends', 'parts', 'routes'], 0.72),
  rule('role:trouble', 'role:trouble', ['node', 'claim', 'storage', 'routes'], 0.6),
  // A connection fails for who is called, not for what that one says or calls in its turn.
  rule('role:trouble', ['@app_error', '@net_error'], 'calls', 0.6, { when: (cause, effect) => effect.layer === 'app' || !['net', 'app'].includes(cause.layer) }),
  rule('role:trouble', 'role:trouble', ['backends', 'parts', 'config', 'account'], 0.6, { when: (cause, effect) => cause.layer !== 'app' || effect.layer === 'app' }),
  rule('role:trouble', 'role:trouble', 'same', 0.5, { when: (cause, effect) => cause.layer !== effect.layer && !isOfHost(effect.entity) }),
  rule('role:change', 'role:trouble', ['same', 'owner', 'node', 'config', 'claim', 'account', 'policy', 'backends', 'routes', 'scaler', 'storage'], 0.55, { windowMs: changeWindowMs }),
  rule('role:change', ['@app_error', '@net_error'], 'calls', 0.55, { windowMs: changeWindowMs })
]

export const propagation: readonly Rule[] = [...sameProgram, ...nodes, ...workloadRules, ...needs, ...traffic, ...fallback]

/** DaemonSets' pods of networks: named after what they run. */
function isAgent ({ entity }: Symptom): boolean {
  return entity.namespace === 'kube-system' || /(calico|cilium|flannel|weave|antrea|canal|cni|kube-router|ovn|aws-node|azure-cn[is])/.test(`${entity.namespace ?? ''}/${entity.name}`)
}

/** When both name a peer it must be the same, as far as a name and an address can be compared. */
function peersAgree (cause: Symptom, effect: Symptom): boolean {
  const [a, b] = [hostOf(String(cause.detail.peer ?? '')), hostOf(String(effect.detail.peer ?? ''))]
  if (a === '' || b === '' || isAddress(a) !== isAddress(b)) return true
  return isAddress(a) ? a === b : a.split('.')[0] === b.split('.')[0]
}

/** `detail.cause`, when context could tell it. */
function blames ({ detail }: Symptom, causes: readonly string[]): boolean { return detail.cause === undefined || detail.cause === 'other' || causes.includes(String(detail.cause)) }
