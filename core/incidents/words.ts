/** What a symptom is called in a chain, and what to do about it when no pattern knows better. */
import { entityText, type EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Action } from './incident.js'

type Text = (s: Symptom) => string

const name = (s: Symptom): string => entityText(s.entity)
const container = (s: Symptom): string => s.detail.container === undefined ? '' : ` (container ${String(s.detail.container)})`
const peer = (s: Symptom): string => s.detail.peer === undefined ? '' : ` to ${String(s.detail.peer)}`

const texts: Readonly<Record<string, Text>> = {
  'kernel.oom_kill': s => `OOM killer invoked${s.entity.kind === 'Node' ? ` on ${s.entity.name}` : ` in ${name(s)}`}`,
  'kernel.memory_stall': s => `${name(s)} stalls waiting for memory`,
  'node.unit_failed': s => `${s.entity.kind === 'Unit' ? `${s.entity.name} failed on ${s.entity.namespace ?? 'its node'}` : `A system service failed on ${name(s)}`}`,
  'node.not_ready': s => `${name(s)} is not ready`,
  'node.heartbeat_lost': s => `${name(s)} sends no heartbeat`,
  'node.pressure_memory': s => `${name(s)} is short of memory`,
  'node.pressure_disk': s => `${name(s)} is short of disk`,
  'node.pressure_pid': s => `${name(s)} is short of process ids`,
  'net.connection_refused': s => `Connection refused${peer(s)} at ${name(s)}`,
  'net.connection_timeout': s => `Connection timeout${peer(s)} at ${name(s)}`,
  'net.connection_reset': s => `Connection reset${peer(s)} at ${name(s)}`,
  'net.dns_failure': s => `Name lookup failed${peer(s)} at ${name(s)}`,
  'net.packet_drop': s => `Packets dropped at ${name(s)}`,
  'k8s.container_oom_killed': s => `${name(s)} OOMKilled${container(s)}`,
  'k8s.crash_loop': s => `${name(s)} crash-loops${container(s)}`,
  'k8s.container_exited': s => `${name(s)} container ended${container(s)}`,
  'k8s.failed_scheduling': s => `${name(s)} unable to schedule`,
  'k8s.image_pull_failed': s => `${name(s)} cannot pull its image`,
  'k8s.probe_failed': s => `${name(s)} fails its ${String(s.detail.probe ?? '')} probe`,
  'k8s.failed_create': s => `${name(s)} cannot create pods`,
  'k8s.failed_mount': s => `${name(s)} cannot mount a volume`,
  'k8s.evicted': s => `${name(s)} Evicted`,
  'k8s.pod_not_ready': s => `${name(s)} is not ready`,
  'k8s.workload_unavailable': s => `${name(s)} has too few available pods`,
  'k8s.no_endpoints': s => `${name(s)} has no ready endpoint`,
  'k8s.endpoints_lost': s => `${name(s)} lost endpoints`,
  'k8s.quota_exhausted': s => `${name(s)} is used up`,
  'k8s.claim_pending': s => `${name(s)} is not bound`,
  'k8s.rollout_started': s => `${name(s)} rolled out`,
  'k8s.image_changed': s => `${name(s)} got another image`,
  'k8s.config_changed': s => `${name(s)} changed`,
  'k8s.policy_changed': s => `${name(s)} changed`,
  'k8s.node_cordoned': s => `${name(s)} was cordoned`,
  'app.span_error': s => `Requests fail in ${name(s)}`,
  'app.http_5xx': s => `${name(s)} answers with server errors`,
  'app.log_error': s => `${name(s)} logs errors`,
  'app.slow': s => `${name(s)} is slow`,
  'app.alert': s => `Alert on ${name(s)}`
}

export function textOf (symptom: Symptom): string {
  const known = texts[symptom.sign]
  if (known !== undefined) return known(symptom)
  if (symptom.role === 'finding') return symptom.evidence[0]?.message ?? name(symptom)
  return `${name(symptom)}: ${symptom.sign.slice(symptom.sign.indexOf('.') + 1).replaceAll('_', ' ')}`
}

const maxDetail = 300

/** What the sources said, the most frequent message first. */
export function detailOf (symptom: Symptom): string {
  if (symptom.role === 'finding') return ''
  const [most] = [...symptom.evidence].sort((a, b) => b.count - a.count || a.timeMs - b.timeMs)
  const prefix = `${symptom.entity.kind} ${symptom.entity.namespace === undefined ? '' : `${symptom.entity.namespace}/`}${symptom.entity.name}: `
  const message = (most?.message ?? '').replace(/\s+/g, ' ').trim()
  const text = message.startsWith(prefix) ? message.slice(prefix.length) : message
  return text.length <= maxDetail ? text : `${text.slice(0, maxDetail - 1)}…`
}

const ns = ({ namespace }: EntityRef): string => namespace === undefined || namespace === '' ? '' : ` -n ${namespace}`

/** Looks that are right whatever it is. */
export function generalActions (subject: EntityRef): Action[] {
  const { kind, name } = subject
  const look = (text: string, command: string, expect: string): Action => ({ urgency: 'investigate', text, command, risk: 'none', expect })
  switch (kind) {
    case 'Pod': return [
      look(`See what Kubernetes says about ${name}`, `kubectl describe pod ${name}${ns(subject)}`, 'the last events and the state of each container'),
      look('Read the log of the run that ended', `kubectl logs ${name}${ns(subject)} --all-containers --previous --tail=100`, 'its last words')
    ]
    case 'Node': return [
      look(`See conditions and pressure of ${name}`, `kubectl describe node ${name}`, 'which condition is not as it should be, and since when'),
      look(`See what runs on ${name}`, `kubectl get pods -A -o wide --field-selector spec.nodeName=${name}`, 'the pods that are hit')
    ]
    case 'Unit': return [look(`See why ${name} failed`, `systemctl status ${name}; journalctl -u ${name} -n 100`, 'its exit code and last lines')]
    case 'Service': return [look(`See who is behind ${name}`, `kubectl get service,endpointslices${ns(subject)} -l kubernetes.io/service-name=${name} -o wide`, 'ready addresses')]
    case 'Deployment': case 'StatefulSet': case 'DaemonSet': return [
      look(`See how the rollout of ${name} stands`, `kubectl rollout status ${kind.toLowerCase()}/${name}${ns(subject)} --timeout=5s; kubectl describe ${kind.toLowerCase()} ${name}${ns(subject)}`, 'which replica set is stuck'),
      look('See what changed', `kubectl rollout history ${kind.toLowerCase()}/${name}${ns(subject)}`, 'the revision before the trouble')
    ]
    default: return kind === '' || kind === 'Address' || kind === 'Process' || kind === 'Container' || kind === 'Interface' ? [] : [look(`See what Kubernetes says about ${name}`, `kubectl describe ${kind.toLowerCase()} ${name}${ns(subject)}`, 'its state and last events')]
  }
}
