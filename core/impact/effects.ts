/** What a sign means for the thing that shows it. */
import type { Symptom } from '../correlation/symptom.js'

/**
 * `down`: it does not do its work. `impaired`: it does, worse. `pressure`: it may stop.
 */
export type Effect = 'down' | 'impaired' | 'pressure'

/** Whole words of signs: `k8s.pod_not_ready` says `not_ready`, and `room` does not say `oom`. */
const downWords = new RegExp(`(?:^|[._])(?:${[
  'oom_kill(?:ed)?', 'oom_killed', 'container_oom_killed', 'not_ready', 'unready', 'unreachable', 'unavailable', 'crash(?:ed)?', 'crash_loop', 'crashloop(?:_?back_?off)?', 'back_?off', 'evict(?:ed|ion)', 'preempted', 'killed',
  'lost', 'down', 'panic', 'no_endpoints', 'failed_scheduling', 'unschedulable', 'failed_mount', 'failed_attach', 'failed_create', 'failed_start', 'start_failed', 'image_pull(?:_failed|_back_?off)?',
  'config_error', 'create_config_error', 'init_failed', 'sandbox_failed', 'unit_failed', 'pod_failed', 'failed', 'hung', 'deadlock', 'exhausted', 'missing', 'not_found', 'deadline_exceeded', 'unbound', 'pending', 'exited', 'terminated'
].join('|')})(?:$|[._])`)
const pressureWords = /(?:^|[._])(?:pressure|nearly_full|near_limit|throttl(?:ed|ing)|saturated|reclaim|slow|high|near|warning|probe_warning)(?:$|[._])/

export function effectOf ({ sign, role }: Pick<Symptom, 'sign' | 'role'>): Effect {
  if (pressureWords.test(sign)) return 'pressure'
  // An application's errors and a connection's are about the other end as often as about the one that tells.
  if (/^(?:app|net)\./.test(sign)) return 'impaired'
  return downWords.test(sign) || role === 'finding' ? 'down' : 'impaired'
}

/** For people: `not ready`, `connection refused`. */
export function signWords (sign: string): string { return sign.slice(sign.indexOf('.') + 1).replaceAll('_', ' ').replaceAll('.', ' ') }
