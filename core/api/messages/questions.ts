/** Filters and pages of requests as questions to the store and to the taps. */
import { Severity, type SeverityName } from '../../data/enums.js'
import type { Level } from '../../incidents/incident.js'
import type { EventQuery, IncidentQuery, PageOptions } from '../../store/store.js'
import type { TapFilter } from '../host.js'
import type { Page } from '../gen/tapio/v1/entity_pb.js'
import type { EventFilter } from '../gen/tapio/v1/event_pb.js'
import type { GetIncidentsRequest } from '../gen/tapio/v1/incident_pb.js'
import { entityQueryOf } from './entity.js'
import { badField } from './faults.js'
import { requestedMs } from './time.js'

const given = <K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } => (value === undefined ? {} : { [key]: value }) as { [P in K]?: T }
const text = (value: string): string | undefined => value === '' ? undefined : value
const list = (values: readonly string[]): readonly string[] | undefined => values.length === 0 ? undefined : values

/** Throws ApiError for an entity without a name, a time outside the calendar. */
export function eventQueryOf (filter: EventFilter | undefined): EventQuery {
  if (filter === undefined) return {}
  return {
    ...given('sinceMs', requestedMs(filter.since, 'filter.since')), ...given('untilMs', requestedMs(filter.until, 'filter.until')), ...given('traceId', text(filter.traceId)),
    ...given('entity', entityQueryOf(filter.entity, 'filter.entity')), ...given('minSeverity', severityOf(filter.minSeverity)), ...given('symptomId', text(filter.symptomId)),
    ...given('symptoms', list(filter.symptoms)), ...given('sources', list(filter.sources)), ...given('names', list(filter.names)), ...given('signals', list(filter.signals)),
    ...given('namespaces', list(filter.namespaces)), ...given('text', text(filter.text))
  }
}

/** Throws ApiError for what a tap cannot look for: what passes is neither early nor late, and has no symptoms counted yet. */
export function tapFilterOf (filter: EventFilter | undefined): TapFilter {
  if (filter === undefined) return {}
  for (const [path, value] of [['since', filter.since], ['until', filter.until], ['symptom_id', text(filter.symptomId)]] as const) {
    if (value !== undefined) throw badField(`filter.${path}`, 'is not for taps, which show what passes now')
  }
  const { entity, ...rest } = eventQueryOf(filter)
  // Taps compare no uid.
  return { ...rest, ...(entity !== undefined && { entity: { ...given('kind', entity.kind), ...given('namespace', entity.namespace), name: entity.name } }) }
}

/** The words were checked by the rules of the proto file. */
function severityOf (word: string): number | undefined { return word === '' ? undefined : Severity[word as SeverityName] }

export function levelOf (word: string): Level | undefined { return word === '' ? undefined : word as Level }

export function incidentQueryOf (request: GetIncidentsRequest): IncidentQuery {
  return {
    ...given('id', text(request.id)), ...given('status', text(request.status) as 'open' | 'resolved' | undefined), ...given('minSeverity', levelOf(request.minSeverity)),
    ...given('entity', entityQueryOf(request.entity, 'entity')), ...given('traceId', text(request.traceId)),
    ...given('sinceMs', requestedMs(request.since, 'since')), ...given('untilMs', requestedMs(request.until, 'until'))
  }
}

export const defaultPage = 100

/** A page token is the store's cursor, which is bound to its question. */
export function pageOptionsOf (page: Page | undefined, signal: AbortSignal): PageOptions {
  const { size = 0, token = '', order = '' } = page ?? {}
  return { limit: size === 0 ? defaultPage : size, ...given('cursor', text(token)), order: order === 'oldest' ? 'oldest' : 'newest', signal }
}
