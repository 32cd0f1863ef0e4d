/**
 * All signs: what a row can be a sign of. A closed list; correlation rules and patterns name signs by these words. What makes
 * signs of rows are the recognisers beside this file: signs-kernel, signs-node, signs-network, signs-kubernetes, signs-text, signs-spans.
 */
import { layers, type Detail, type Layer, type Role } from './symptom.js'

interface Spec { readonly role: Role, readonly meaning: string }

const trouble = (meaning: string): Spec => ({ role: 'trouble', meaning })
const change = (meaning: string): Spec => ({ role: 'change', meaning })
const recovery = (meaning: string): Spec => ({ role: 'recovery', meaning })

/** `<layer>.<what>`; in backquotes the keys of `detail`. */
export const signs = {
  'kernel.oom_kill': trouble('a process was killed for memory; `scope`: `machine` when the whole machine ran out, `comm` of a process that is no container\'s'),
  'kernel.memory_stall': trouble('tasks waited for memory; `scope`: `cgroup` at its limit, or `machine`'),
  'kernel.fatal_signal': trouble('a process was ended by a signal nobody asks with; `signal`, `comm`'),
  'kernel.allocation_failure': trouble('the kernel itself got no memory'),
  'kernel.io_error': trouble('a disk answered with errors or not at all; `device`'),
  'kernel.filesystem_read_only': trouble('a file system went read-only or shut down; `device`'),
  'kernel.filesystem_error': trouble('a file system found itself damaged; `device`'),
  'kernel.hung_task': trouble('a task did not run for minutes; `comm`'),
  'kernel.lockup': trouble('a CPU was stuck; `kind`'),
  'kernel.oops': trouble('the kernel failed and went on'),
  'kernel.panic': trouble('the kernel stopped'),
  'kernel.hardware_error': trouble('memory or CPU reported faults; `kind`'),
  'kernel.cpu_throttled': trouble('the CPU slowed down for heat'),
  'kernel.table_full': trouble('a table of the kernel is full; `table`: `files`'),
  'kernel.error': trouble('another fault in the kernel\'s words; `event`'),

  'node.not_ready': trouble('the kubelet says that it is not ready, or nobody hears of it'),
  'node.heartbeat_lost': trouble('the kubelet\'s lease was not renewed in time'),
  'node.pressure_memory': trouble('the kubelet is short of memory and may evict'),
  'node.pressure_disk': trouble('the kubelet is short of disk and may evict'),
  'node.pressure_pid': trouble('the kubelet is short of process ids'),
  'node.network_unavailable': trouble('the node\'s network is not set up'),
  'node.condition': trouble('another condition of the node is bad; `condition`'),
  'node.rebooted': trouble('the machine booted anew'),
  'node.shutdown': trouble('the machine shuts down'),
  'node.memory_exhausted': trouble('the whole machine ran out of memory'),
  'node.image_gc_failed': trouble('the kubelet could not make room'),
  'node.kubelet_failed': trouble('the kubelet could not do its work; `reason`'),
  'node.unit_failed': trouble('a systemd unit failed; `result`'),
  'node.unit_restarting': trouble('systemd starts a unit again and again'),
  'node.unit_start_limit': trouble('systemd gave a unit up: it failed too often'),
  'node.unit_timeout': trouble('a unit did not start, stop or answer in time'),
  'node.unit_exec_failed': trouble('a unit\'s program could not be executed'),
  'node.unit_oom_killed': trouble('a process of a unit was killed for memory'),
  'node.unit_down': trouble('a unit is not active in a dump; `state`'),
  'node.core_dump': trouble('a process dumped its memory; `comm`'),
  'node.clock_changed': change('the machine\'s clock was set'),
  'node.error': trouble('another error of the node\'s services'),
  'node.ready': recovery('the node is ready again'),
  'node.condition_cleared': recovery('a condition of the node is good again; `condition`'),
  'node.heartbeat_resumed': recovery('the kubelet\'s lease is renewed again'),
  'node.unit_started': recovery('a unit runs'),
  'node.unit_stopped': change('a unit was stopped'),

  'net.connection_refused': trouble('nobody listens; `peer`'),
  'net.connection_timeout': trouble('no answer; `peer`'),
  'net.connection_unreachable': trouble('no way there; `peer`'),
  'net.connection_reset': trouble('the other side broke it off; `peer`'),
  'net.connection_failed': trouble('another reason; `peer`'),
  'net.connection_abandoned': trouble('the caller gave up waiting; `peer`'),
  'net.connection_slow': trouble('took long to be made; `peer`'),
  'net.port_closed': trouble('somebody asked for a port where nobody listens; `port`'),
  'net.accept_queue_full': trouble('a listener does not accept; `port`'),
  'net.retransmits': trouble('segments are sent again and again; `peer`'),
  'net.packet_drop': trouble('packets were dropped; `reason` in the kernel\'s words'),
  'net.dns_failure': trouble('a name was not resolved; `host`, `kind`: `not_found`, `timeout`, `failed`'),
  'net.tls_failure': trouble('TLS failed; `kind`: `expired`, `unknown_authority`, `wrong_name`, `handshake`; `peer`'),
  'net.proxy_error': trouble('a proxy or gateway found no healthy backend; `peer`'),
  'net.cni_failed': trouble('a pod got no network; `plugin`'),
  'net.cni_not_configured': trouble('the node has no usable CNI configuration or plugin; `problem`'),
  'net.sandbox_failed': trouble('a pod\'s sandbox could not be made'),
  'net.ip_exhausted': trouble('a network has no address left; `network`'),
  'net.ip_nearly_exhausted': trouble('a network has few addresses left; `network`'),
  'net.ip_leaked': trouble('an address is held by nobody; `network`'),
  'net.ip_duplicate': trouble('two have one address; `address`'),
  'net.link_down': trouble('an interface went down; `interface`'),
  'net.link_hung': trouble('an interface does not send; `interface`'),
  'net.neighbour_unreachable': trouble('nobody answers for an address; `address`'),
  'net.conntrack_full': trouble('the connection table is full, packets are dropped'),
  'net.neighbour_table_full': trouble('the neighbour table is full'),
  'net.syn_flood': trouble('more connections than a listener takes; `endpoint`'),
  'net.load_balancer_failed': trouble('a load balancer could not be set up'),
  'net.error': trouble('another error of the network; `event`'),
  'net.link_up': recovery('an interface is up again; `interface`'),
  'net.cni_recovered': recovery('a fault of the CNI is over; `problem`'),
  'net.link_changed': change('an interface was changed or removed; `interface`'),
  'net.address_changed': change('an address was removed; `interface`'),
  'net.route_changed': change('a route was removed'),

  'k8s.container_oom_killed': trouble('a container was OOM-killed; `container`, `limit`'),
  'k8s.container_exited': trouble('a container ended with an error; `container`, `exitCode`, `signal`'),
  'k8s.container_restarted': trouble('a container was started again; `container`'),
  'k8s.container_waiting': trouble('a container cannot be started; `container`, `reason`'),
  'k8s.crash_loop': trouble('a container ends again and again; `container`'),
  'k8s.image_pull_failed': trouble('an image cannot be got; `container`, `reason`'),
  'k8s.container_config_error': trouble('what a container is to be made of is not there; `container`'),
  'k8s.hook_failed': trouble('a lifecycle hook failed; `container`'),
  'k8s.probe_failed': trouble('a probe failed; `probe`: `liveness`, `readiness`, `startup`; `container`'),
  'k8s.probe_killed': trouble('the kubelet stops a container whose probe failed; `probe`, `container`'),
  'k8s.failed_scheduling': trouble('no node takes a pod'),
  'k8s.failed_create': trouble('pods are not admitted; `cause`: `quota`, `service_account`, `webhook`, `policy`, `limit_range`, `other`'),
  'k8s.failed_mount': trouble('a volume cannot be attached or mounted'),
  'k8s.evicted': trouble('a pod was thrown off its node; `reason`'),
  'k8s.preempted': trouble('a pod had to go for a more important one'),
  'k8s.pod_failed': trouble('a pod failed; `reason`'),
  'k8s.pod_not_ready': trouble('a pod takes no traffic'),
  'k8s.pod_unknown': trouble('nobody knows how a pod does'),
  'k8s.workload_degraded': trouble('a workload has too few pods'),
  'k8s.workload_unavailable': trouble('a workload has no pod'),
  'k8s.rollout_failed': trouble('a rollout makes no progress; `reason`'),
  'k8s.job_failed': trouble('a job failed; `reason`'),
  'k8s.no_endpoints': trouble('a Service has no ready pod'),
  'k8s.endpoints_lost': trouble('a Service has fewer ready pods'),
  'k8s.endpoints_failed': trouble('endpoints could not be written; `reason`'),
  'k8s.quota_exhausted': trouble('a quota is full; `resource`'),
  'k8s.quota_near': trouble('a quota is nearly full; `resource`'),
  'k8s.claim_pending': trouble('a claim waits for a volume'),
  'k8s.claim_lost': trouble('a claim has lost its volume'),
  'k8s.volume_failed': trouble('a volume could not be made, kept or removed; `reason`'),
  'k8s.autoscaler_failed': trouble('an autoscaler cannot do its work; `reason`'),
  'k8s.autoscaler_limited': trouble('an autoscaler is at its end; `reason`'),
  'k8s.budget_violated': trouble('fewer pods are healthy than a disruption budget wants'),
  'k8s.disruption_blocked': trouble('a disruption budget lets no pod go'),
  'k8s.namespace_stuck': trouble('a namespace cannot be removed; `reason`'),
  'k8s.warning': trouble('another Warning event; `reason`'),
  'k8s.pod_ready': recovery('a pod takes traffic'),
  'k8s.container_started': recovery('a container runs that had to wait; `container`'),
  'k8s.workload_recovered': recovery('a workload has all its pods'),
  'k8s.endpoints_gained': recovery('a Service has more ready pods'),
  'k8s.rollout_complete': recovery('a rollout is done, or goes on again'),
  'k8s.quota_relieved': recovery('a quota has room again; `resource`'),
  'k8s.claim_bound': recovery('a claim got its volume'),
  'k8s.autoscaler_recovered': recovery('an autoscaler works again'),
  'k8s.budget_relieved': recovery('pods may be taken away again'),
  'k8s.job_complete': recovery('a job ended well'),
  'k8s.rollout_started': change('a new template is rolled out'),
  'k8s.image_changed': change('an image; `container`, `from`, `to`'),
  'k8s.template_changed': change('something else of a pod template; `what`'),
  'k8s.resources_changed': change('requests or limits; `container`'),
  'k8s.config_changed': change('a ConfigMap or Secret'),
  'k8s.policy_changed': change('NetworkPolicy, quota, limits, autoscaler, budget, service account, storage class; `what`'),
  'k8s.service_changed': change('selector, ports, type or address of a Service; `what`'),
  'k8s.ingress_changed': change('an Ingress or load balancer; `what`'),
  'k8s.scaled': change('how many pods are wanted; `from`, `to`'),
  'k8s.node_cordoned': change('a node takes no new pods'),
  'k8s.node_uncordoned': change('a node takes new pods again'),
  'k8s.node_tainted': change('a taint of a node; `taint`'),
  'k8s.node_changed': change('versions or room of a node; `what`'),
  'k8s.deleted': change('an object was deleted that others may need; `kind`'),
  'k8s.created': change('an object was made that acts on others; `kind`'),
  'k8s.workload_paused': change('paused, suspended or scheduled otherwise; `what`'),

  'app.span_error': trouble('a span that serves or works failed'),
  'app.call_failed': trouble('a call to another service failed; `peer`, `code`'),
  'app.http_5xx': trouble('a server answered with 5xx; `status`'),
  'app.slow': trouble('requests take far longer than they did; `operation`'),
  'app.timeout': trouble('a deadline passed; `peer` when it is said'),
  'app.unavailable': trouble('a service says that it is unavailable; `peer` when it is said'),
  'app.rate_limited': trouble('a service answers that there are too many requests; `peer` when it is said'),
  'app.auth_failed': trouble('credentials were not accepted; `peer` when it is said'),
  'app.permission_denied': trouble('something is not allowed'),
  'app.no_space': trouble('no space left on a device'),
  'app.out_of_memory': trouble('a program got no memory'),
  'app.too_many_files': trouble('too many open files'),
  'app.address_in_use': trouble('a port is taken'),
  'app.file_missing': trouble('a file or directory is not there; `path`'),
  'app.config_error': trouble('a program does not accept its configuration, or misses a variable; `key` when it is said'),
  'app.exec_failed': trouble('a program cannot be started: not found, or of another architecture'),
  'app.connections_exhausted': trouble('no connection is left, in a pool or at a server; `peer` when it is said'),
  'app.data_missing': trouble('a database, table, queue, topic or bucket is not there; `name` when it is said'),
  'app.panic': trouble('a program crashed and said so'),
  'app.log_error': trouble('another error in a log'),
  'app.alert': trouble('an alert fired; `alert`'),
  'app.slo_burn': trouble('a service breaks its promise: its error budget burns too fast; `objective`: `availability`, `latency`')
} as const satisfies Readonly<Record<`${Layer}.${string}`, Spec>>

export type SignName = keyof typeof signs

export function isSign (name: string): name is SignName { return Object.hasOwn(signs, name) }

export function roleOf (sign: SignName): Role { return signs[sign].role }

const layerOfSign: ReadonlyMap<string, Layer> = new Map(Object.keys(signs).map(name => [name, layers.find(l => name.startsWith(`${l}.`)) as Layer]))

export function layerOf (sign: SignName): Layer { return layerOfSign.get(sign) as Layer }

/** What a recogniser sees in a row. */
export interface Seen {
  readonly sign: SignName
  readonly detail: Detail
  /** SeverityNumber instead of the row's. */
  readonly severity?: number
  /** Events that the row stands for; left out = 1. */
  readonly count?: number
  /** The node instead of what the row is about. */
  readonly ofNode?: true
}

/** What is known of a row without anything being decoded: `EventRow` has it. */
export interface RowFacts {
  get(name: 'name' | 'message' | 'action' | 'comm' | 'destinationAddress' | 'sourceAddress' | 'interfaceName' | 'entityKind' | 'entityName' | 'source' | 'protocol'): string | undefined
  get(name: 'severity' | 'destinationPort' | 'sourcePort' | 'returnCode' | 'exitSignal' | 'pid'): number | undefined
  attribute(key: string): unknown
}

export type Recognise = (row: RowFacts) => Seen | undefined

/** Listed, looked at, and no sign of anything. */
export const nothing: Recognise = () => undefined

export const always = (sign: SignName, detail: Detail = {}): Recognise => {
  const seen: Seen = { sign, detail }
  return () => seen
}

/** The same without keys whose value is '' or undefined. */
export function detailOf (values: Readonly<Record<string, string | number | boolean | undefined>>): Detail {
  return Object.fromEntries(Object.entries(values).filter((e): e is [string, string | number | boolean] => e[1] !== undefined && e[1] !== ''))
}

export function textOf (value: unknown): string { return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'bigint' ? String(value) : '' }

export function numberOf (value: unknown): number { return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : NaN }
