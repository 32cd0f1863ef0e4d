/** Documents from outside (a row of some pipeline, a file) checked as far as the store relies on them. */
import type { EntityRef } from '../correlation/entity.js'
import type { Link } from '../correlation/link.js'
import type { Incident } from '../incidents/incident.js'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-zA-Z_.-]{1,128}$/.test(value)
const levels = ['low', 'medium', 'high', 'critical']

export const levelRank = (level: string): number => levels.indexOf(level)

function isEntity (value: unknown): value is EntityRef {
  return isObject(value) && typeof value.kind === 'string' && typeof value.name === 'string' && (value.namespace === undefined || typeof value.namespace === 'string')
}

const isListOf = (value: unknown, test: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(test)

/** '' or what is wrong. */
export function incidentFault (value: unknown): string {
  if (!isObject(value)) return 'an incident must be an object'
  if (!isId(value.id)) return 'an incident needs an id'
  if (!isTime(value.version) || !isTime(value.startMs) || !isTime(value.updatedMs)) return 'version, startMs and updatedMs must be numbers'
  if (value.status !== 'open' && value.status !== 'resolved') return 'status must be open or resolved'
  if (!levels.includes(value.severity as string)) return `severity must be one of ${levels.join(', ')}`
  if (!isListOf(value.chain, step => isObject(step) && typeof step.id === 'string' && isEntity(step.entity))) return 'chain must be a list of steps with id and entity'
  if (!isListOf(value.hypotheses, h => isObject(h) && isEntity(h.subject) && isListOf(h.explains, s => typeof s === 'string'))) return 'hypotheses must be a list with subject and explains'
  if (!isObject(value.impact) || !isListOf(value.impact.affected, a => isObject(a) && isEntity(a.entity))) return 'impact.affected must be a list with entities'
  return isListOf(value.traceIds, t => typeof t === 'string') ? '' : 'traceIds must be a list of texts'
}

/** '' or what is wrong. */
export function linkFault (value: unknown): string {
  if (!isObject(value)) return 'a link must be an object'
  return isId(value.id) && isId(value.cause) && isId(value.effect) ? '' : 'a link needs id, cause and effect'
}

export function entitiesOf (incident: Incident): EntityRef[] {
  return [...incident.chain.map(step => step.entity), ...incident.impact.affected.map(a => a.entity), ...incident.hypotheses.map(h => h.subject)]
}

export function symptomsOf (incident: Incident): Set<string> {
  return new Set([...incident.chain.map(step => step.id), ...incident.hypotheses.flatMap(h => h.explains)])
}

export const isIncident = (value: unknown): value is Incident => incidentFault(value) === ''
export const isLink = (value: unknown): value is Link => linkFault(value) === ''
