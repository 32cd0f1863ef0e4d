/** Alerts as Alertmanager and Prometheus give them over their APIs, and lists of alerts like theirs. */
import { Severity, type SeverityName } from '../../core/data/enums.js'

export interface Alert {
  readonly name: string
  readonly message: string
  readonly severity: number
  /** NaN: it does not say. */
  readonly timeMs: number
  readonly labels: Readonly<Record<string, string>>
  readonly entity: { readonly kind: string, readonly namespace: string, readonly name: string } | undefined
}

const severities: Readonly<Record<string, SeverityName>> = { critical: 'critical', page: 'critical', error: 'error', high: 'high', major: 'error', warning: 'warning', minor: 'medium', info: 'info', none: 'info' }

/** The most particular thing an alert's labels name. */
const entityLabels: readonly (readonly [label: string, kind: string])[] = [['pod', 'Pod'], ['deployment', 'Deployment'], ['statefulset', 'StatefulSet'], ['daemonset', 'DaemonSet'], ['job_name', 'Job'], ['persistentvolumeclaim', 'PersistentVolumeClaim'], ['service', 'Service'], ['node', 'Node'], ['namespace', 'Namespace']]
const clusterWide: ReadonlySet<string> = new Set(['Node', 'Namespace'])

type Plain = Readonly<Record<string, unknown>>

/** Undefined: the value holds no alerts in a form that is known. Alerts that are over are left out. */
export function readAlerts (value: unknown): readonly Alert[] | undefined {
  const all = listOf(value)
  return all?.filter(alert => !isOver(alert)).map(toAlert)
}

function listOf (value: unknown): readonly Plain[] | undefined {
  if (Array.isArray(value)) return value.every(v => typeof v === 'object' && v !== null) ? value as Plain[] : undefined
  if (typeof value !== 'object' || value === null) return undefined
  const { data, alerts, groups } = value as Plain
  if (Array.isArray(alerts)) return listOf(alerts)
  if (Array.isArray(groups)) return (groups as Plain[]).flatMap(g => Array.isArray(g.rules) ? (g.rules as Plain[]).flatMap(r => listOf(r.alerts) ?? []) : [])
  return data === undefined ? Object.keys(value).length === 0 ? [] : undefined : listOf(data)
}

function isOver ({ status, state, endsAt, startsAt }: Plain): boolean {
  const word = typeof status === 'object' && status !== null ? (status as Plain).state : status ?? state
  if (word === 'resolved' || word === 'inactive' || word === 'suppressed') return true
  return typeof endsAt === 'string' && typeof startsAt === 'string' && Date.parse(endsAt) < Date.parse(startsAt) && !endsAt.startsWith('0001-')
}

function toAlert (alert: Plain): Alert {
  const [labels, annotations] = [textsOf(alert.labels), textsOf(alert.annotations)]
  const text = (key: string): string => typeof alert[key] === 'string' ? alert[key] : ''
  // Lists that are not Prometheus' say directly what and about whom.
  const subject = text('name')
  const isOwn = labels.alertname !== undefined
  const evidence = Array.isArray(alert.evidence) ? alert.evidence.filter(e => typeof e === 'string').join('; ') : ''
  return {
    name: labels.alertname ?? (text('alertname') || text('title') || 'Alert'),
    message: annotations.summary ?? annotations.description ?? annotations.message ?? (text('message') || text('description') || evidence),
    severity: Severity[severities[(labels.severity ?? text('severity')).toLowerCase()] ?? 'warning'],
    timeMs: Date.parse(text('startsAt') || text('activeAt')),
    labels,
    entity: entityOf(labels) ?? (isOwn || subject === '' ? undefined : { kind: text('kind') || text('type'), namespace: text('namespace'), name: subject })
  }
}

function entityOf (labels: Readonly<Record<string, string>>): Alert['entity'] {
  const found = entityLabels.find(([label]) => labels[label] !== undefined)
  if (found === undefined) return undefined
  const [label, kind] = found
  return { kind, namespace: clusterWide.has(kind) ? '' : labels.namespace ?? '', name: labels[label] as string }
}

function textsOf (value: unknown): Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string')) : {}
}
