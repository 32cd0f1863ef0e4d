/** Which incidents a question is about, and which comes first. */
import { sameEntity, type EntityRef } from '../correlation/entity.js'
import type { Incident, Level } from '../incidents/incident.js'

/** All that are given must hold. */
export interface IncidentQuery {
  /** The whole id or its beginning. */
  readonly id?: string
  /** Of a trace, the whole or what a page shows of it: its beginning; of one with 64 bits, its 16 digits. */
  readonly traceId?: string
  /** Without a namespace: in any. */
  readonly entity?: EntityRef
  /** Still open, or not over before this time. */
  readonly sinceMs?: number
}

export function matchesQuery (incident: Incident, { id, traceId, entity, sinceMs }: IncidentQuery): boolean {
  if (id !== undefined && !incident.id.startsWith(id)) return false
  // The one it was merged into tells its story.
  if (id === undefined && incident.mergedInto !== undefined) return false
  if (traceId !== undefined && !hasTrace(incident, traceId)) return false
  if (entity !== undefined && !isAbout(incident, entity)) return false
  return sinceMs === undefined || (incident.resolvedMs ?? incident.updatedMs) >= sinceMs
}

function hasTrace ({ traceIds, chain }: Incident, traceId: string): boolean {
  const isIt = (known: string | undefined): boolean => known !== undefined && (known.startsWith(traceId) || known === traceId.padStart(32, '0'))
  return traceIds.some(isIt) || chain.some(step => step.evidence.some(e => isIt(e.traceId)))
}

function isAbout ({ hypotheses, chain, impact }: Incident, entity: EntityRef): boolean {
  const isIt = (other: EntityRef): boolean => entity.namespace === undefined ? other.kind === entity.kind && other.name === entity.name : sameEntity(other, entity)
  return hypotheses.some(h => isIt(h.subject)) || chain.some(step => isIt(step.entity)) || impact.affected.some(a => isIt(a.entity))
    || (entity.kind === 'Service' && impact.slo.some(({ service }) => service === entity.name || service === `${entity.namespace ?? ''}/${entity.name}`))
}

const levels: readonly Level[] = ['critical', 'high', 'medium', 'low']

export function atLeast (level: Level, least: Level): boolean { return levels.indexOf(level) <= levels.indexOf(least) }

/** For `sort`: open ones first, worst first, then the surest, the earliest, by id. */
export function byImportance (a: Incident, b: Incident): number {
  return Number(a.status === 'resolved') - Number(b.status === 'resolved')
    || levels.indexOf(a.severity) - levels.indexOf(b.severity)
    || b.impact.score - a.impact.score
    || (b.hypotheses[0]?.score ?? 0) - (a.hypotheses[0]?.score ?? 0)
    || a.startMs - b.startMs
    || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

/** For `sort`: what is going on first, then the newest, by id. */
export function byRelevance (a: Incident, b: Incident): number { return Number(a.status === 'resolved') - Number(b.status === 'resolved') || byStart(a, b) }

/** For `sort`: the newest first, then by id. */
export function byStart (a: Incident, b: Incident): number { return b.startMs - a.startMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) }
