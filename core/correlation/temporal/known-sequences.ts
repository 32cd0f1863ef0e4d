/** Sequences that Kubernetes and what runs in it go through again and again, as data: those of the original (3.3, 3.14) that mean something. */
import type { SignPattern } from '../sign-sets.js'

export interface KnownSequence {
  readonly name: string
  /** Whose symptoms it is looked for in: one thing's (a pod, its workload, its Service), or a node's with what is on it. */
  readonly of: 'thing' | 'node'
  /** Each step is any of these; steps may be skipped, but not turned. */
  readonly steps: readonly (readonly SignPattern[])[]
  /** How sure it is when all steps were seen. */
  readonly confidence: number
  /** Between one step and the next. */
  readonly gapMs: number
}

/** Of the whole: the original's. */
export const maxAgeMs = 600_000

const minuteMs = 60_000

export const knownSequences: readonly KnownSequence[] = [
  { name: 'deployment rollout that fails', of: 'thing', confidence: 0.9, gapMs: 2 * minuteMs, steps: [['@rollout'], ['@container_stuck', '@container_ended', 'k8s.probe_failed', 'k8s.failed_create', 'k8s.failed_scheduling'], ['k8s.pod_not_ready', '@workload_down']] },
  { name: 'crash loop', of: 'thing', confidence: 0.95, gapMs: 5 * minuteMs, steps: [['kernel.oom_kill', 'kernel.fatal_signal', '@app_fatal'], ['k8s.container_oom_killed', 'k8s.container_exited', 'k8s.probe_killed'], ['k8s.crash_loop']] },
  { name: 'service disruption', of: 'thing', confidence: 0.85, gapMs: 2 * minuteMs, steps: [['@pod_down'], ['@service_down'], ['@no_connection', 'app.http_5xx', 'app.span_error']] },
  { name: 'resource pressure', of: 'node', confidence: 0.88, gapMs: 5 * minuteMs, steps: [['kernel.memory_stall', 'node.pressure_memory', 'node.pressure_disk', 'node.pressure_pid'], ['k8s.evicted', 'kernel.oom_kill'], ['k8s.pod_not_ready', 'k8s.failed_scheduling', 'k8s.container_oom_killed']] },
  { name: 'node loss', of: 'node', confidence: 0.9, gapMs: 5 * minuteMs, steps: [['node.heartbeat_lost', 'kernel.panic', 'node.shutdown'], ['node.not_ready'], ['k8s.pod_not_ready', 'k8s.evicted', 'k8s.pod_unknown']] },
  { name: 'configuration change that hurts', of: 'thing', confidence: 0.9, gapMs: 10 * minuteMs, steps: [['k8s.config_changed', 'k8s.policy_changed'], ['app.config_error', 'app.log_error', 'k8s.container_exited', 'k8s.container_config_error', '@no_connection'], ['k8s.crash_loop', 'k8s.pod_not_ready', '@workload_down']] }
]
