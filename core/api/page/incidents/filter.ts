/** Which incidents a reader wants to see, as the URL says it. */
import type { IncidentJson } from '../../gen/tapio/v1/incident_pb.js'
import { msOf } from '../format/time.js'
import { levelOf, levels } from '../format/words.js'

export interface Filter {
  readonly text: string
  readonly status: '' | 'open' | 'resolved'
  /** This or worse; '' = all. */
  readonly severity: string
  /** Hours back from now; '' = all. */
  readonly within: string
}

export function filterOf (params: URLSearchParams): Filter {
  const status = params.get('status')
  return { text: params.get('q') ?? '', status: status === 'open' || status === 'resolved' ? status : '', severity: params.get('severity') ?? '', within: params.get('within') ?? '' }
}

export function fits (incident: IncidentJson, { text, status, severity, within }: Filter, nowMs: number): boolean {
  if (status !== '' && incident.status !== status) return false
  const worst = levels.findIndex(l => l === severity)
  if (worst >= 0 && levels.indexOf(levelOf(incident.severity)) > worst) return false
  const hours = Number(within)
  const last = msOf(incident.resolvedTime) ?? (incident.status === 'resolved' ? msOf(incident.updatedTime) : nowMs)
  if (hours > 0 && (last ?? 0) < nowMs - hours * 3_600_000) return false
  return includesAll(`${incident.title ?? ''} ${incident.id ?? ''} ${incident.impact?.summary ?? ''}`, text)
}

/** Each word of `wanted` somewhere, without case. */
export function includesAll (text: string, wanted: string): boolean {
  const low = text.toLowerCase()
  return wanted.toLowerCase().split(/\s+/).every(word => low.includes(word))
}
