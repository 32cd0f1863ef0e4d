/** What a test expects, held against what came out; each difference in lines that people read. */
import { entityText } from '../correlation/entity.js'
import { nearest, listed } from '../config/suggest.js'
import type { EventBatch } from '../data/batch.js'
import { severityName } from '../data/enums.js'
import type { EventRow } from '../data/row.js'
import type { Incident } from '../incidents/incident.js'
import { Conditions } from '../match/conditions.js'
import { fieldOf, type Field } from '../match/fields.js'
import type { Condition } from '../match/schema.js'
import { incidentOfRow } from '../story/rows.js'
import type { Expectation, ExporterExpectation, IncidentExpectation } from './format.js'

export interface Outcome {
  /** By id, in the order they came. */
  readonly exporters: ReadonlyMap<string, readonly EventBatch[]>
  readonly drops: ReadonlyMap<string, ReadonlyMap<string, number>>
}

const maxShown = 5

export function differences (expected: Expectation, outcome: Outcome): string[] {
  const reasons: string[] = []
  for (const [id, wanted] of Object.entries(expected.exporters ?? {})) {
    const batches = outcome.exporters.get(id)
    if (batches !== undefined) { reasons.push(...exporterDifferences(`exporter ${id}`, wanted, rowsOf(batches))); continue }
    const known = [...outcome.exporters.keys()]
    const near = nearest(id, known)
    reasons.push(`there is no exporter \`${id}\` in a pipeline${near === undefined ? `; there are ${listed(known)}` : `; did you mean \`${near}\`?`}`)
  }
  if (expected.incidents !== undefined) reasons.push(...incidentDifferences(expected.incidents, incidentsIn(outcome)))
  reasons.push(...dropDifferences(expected.drops ?? {}, outcome.drops))
  return reasons
}

interface Row { readonly batch: EventBatch, readonly at: number }

function rowsOf (batches: readonly EventBatch[]): Row[] {
  return batches.flatMap(batch => Array.from({ length: batch.count }, (_, at) => ({ batch, at })))
}

function exporterDifferences (name: string, { count, rows = [], exactly, never = [] }: ExporterExpectation, got: readonly Row[]): string[] {
  const reasons: string[] = []
  if (count !== undefined && count !== got.length) reasons.push(`${name}: expected ${rowsText(count)}, got ${got.length}${got.length === 0 ? '' : `:${got.slice(0, maxShown).map(row => `\n  ${rowText(row)}`).join('')}`}`)
  const fits = rows.map(condition => matches(condition as Condition, got))
  const partner = pair(fits)
  rows.forEach((condition, i) => { if (partner[i] === undefined) reasons.push(missing(name, i, condition as Condition, got, fits[i] as readonly boolean[])) })
  if (exactly !== undefined) reasons.push(...exactDifferences(name, exactly as readonly Condition[], got))
  for (const condition of never as readonly Condition[]) {
    const found = matches(condition, got).findIndex(fit => fit)
    if (found >= 0) reasons.push(`${name}: no row may fit ${conditionText(condition)}, but row ${found + 1} does:\n  ${rowText(got[found] as Row)}`)
  }
  return reasons
}

function exactDifferences (name: string, wanted: readonly Condition[], got: readonly Row[]): string[] {
  const reasons = wanted.length === got.length ? [] : [`${name}: expected exactly ${rowsText(wanted.length)}, got ${got.length}`]
  for (let i = 0; i < Math.max(wanted.length, got.length) && reasons.length < maxShown; i++) {
    const [condition, row] = [wanted[i], got[i]]
    if (condition === undefined) reasons.push(`${name}: row ${i + 1} is one too many:\n  ${rowText(row as Row)}`)
    else if (row === undefined) reasons.push(`${name}: row ${i + 1} is missing: ${conditionText(condition)}`)
    else if (matches(condition, [row])[0] === false) reasons.push(`${name}: row ${i + 1} is not as expected:${fieldLines(condition, row)}`)
  }
  return reasons
}

function missing (name: string, at: number, condition: Condition, got: readonly Row[], fits: readonly boolean[]): string {
  if (fits.some(fit => fit)) return `${name}: rows[${at}] fits only rows that others of the list need: ${conditionText(condition)}`
  if (got.length === 0) return `${name}: no row came; expected ${conditionText(condition)}`
  const scores = got.map(row => Object.entries(condition).filter(([field, matcher]) => matches({ [field]: matcher }, [row])[0] === true).length)
  const best = scores.indexOf(Math.max(...scores))
  return `${name}: no row fits rows[${at}]; the closest of ${got.length}, row ${best + 1}:${fieldLines(condition, got[best] as Row)}`
}

/** Each field of a condition beside what a row has. */
function fieldLines (condition: Condition, row: Row): string {
  return Object.entries(condition).map(([field, matcher]) => {
    const fits = matches({ [field]: matcher }, [row])[0] === true
    return `\n  ${fits ? ' ' : '-'} ${field}: ${matcherText(matcher)}${fits ? '' : `\n  + ${field}: ${valueText(row, field)}`}`
  }).join('')
}

function matches (condition: Condition, rows: readonly Row[]): boolean[] {
  const conditions = new Conditions([condition])
  const known = new Map<EventBatch, Uint8Array>()
  return rows.map(({ batch, at }) => {
    const found = known.get(batch) ?? conditions.match(batch)
    known.set(batch, found)
    return found[at] === 1
  })
}

/** For each condition a row of its own, as many as can be (augmenting paths); undefined: none is left. */
function pair (fits: readonly (readonly boolean[])[]): (number | undefined)[] {
  const owner = new Map<number, number>()
  const find = (condition: number, seen: Set<number>): boolean => {
    for (const [row, fit] of (fits[condition] as readonly boolean[]).entries()) {
      if (!fit || seen.has(row)) continue
      seen.add(row)
      const other = owner.get(row)
      if (other === undefined || find(other, seen)) { owner.set(row, condition); return true }
    }
    return false
  }
  fits.forEach((_, condition) => find(condition, new Set()))
  const partner = new Map([...owner].map(([row, condition]) => [condition, row]))
  return fits.map((_, condition) => partner.get(condition))
}

/** The last version of each, wherever it came out. */
function incidentsIn ({ exporters }: Outcome): Incident[] {
  const byId = new Map<string, Incident>()
  for (const batches of exporters.values()) {
    for (const batch of batches) {
      for (const row of batch) {
        const incident = incidentOfRow(row)
        if (incident !== undefined && incident.version >= (byId.get(incident.id)?.version ?? 0)) byId.set(incident.id, incident)
      }
    }
  }
  return [...byId.values()].filter(i => i.mergedInto === undefined)
}

function incidentDifferences (wanted: readonly IncidentExpectation[], got: readonly Incident[]): string[] {
  const told = got.map(incident => `\n  + ${incidentText(incident)}`).join('')
  if (wanted.length === 0) return got.length === 0 ? [] : [`expected no incident, got ${got.length}:${told}`]
  const faults = wanted.map(one => got.map(incident => incidentFaults(one, incident)))
  const partner = pair(faults.map(list => list.map(f => f.length === 0)))
  return wanted.flatMap((_, i) => {
    if (partner[i] !== undefined) return []
    if (got.length === 0) return [`incidents[${i}]: there is no incident`]
    const [closest] = [...(faults[i] as readonly (readonly string[])[])].sort((a, b) => a.length - b.length)
    return [`incidents[${i}]: no incident is as expected; the closest:${(closest ?? []).map(line => `\n  ${line}`).join('')}${told}`]
  })
}

function incidentFaults (wanted: IncidentExpectation, { title, severity, status, hypotheses: [best], impact }: Incident): string[] {
  const affected = impact.affected.map(a => entityText(a.entity))
  const has: Readonly<Record<string, unknown>> = { title, severity, status, pattern: best?.pattern, cause: best?.cause, at_fault: best === undefined ? undefined : entityText(best.subject) }
  return Object.entries(wanted).flatMap(([key, value]) => {
    if (key === 'affected') return (value as readonly string[]).filter(name => !affected.includes(name)).map(name => `- affected: ${name}`)
    const found = has[key]
    const fits = key === 'title' ? String(found).includes(String(value)) : found === value
    return fits ? [] : [`- ${key}: ${String(value)}`, `+ ${key}: ${String(found ?? 'none')}`]
  })
}

function incidentText ({ title, status, severity, hypotheses: [best], impact }: Incident): string {
  return `${title} (${severity}, ${status}, ${best?.pattern ?? 'no pattern'}, at fault: ${best === undefined ? 'unknown' : entityText(best.subject)}; affected: ${impact.affected.slice(0, maxShown).map(a => entityText(a.entity)).join(', ') || 'none'})`
}

function dropDifferences (wanted: Readonly<Record<string, Readonly<Record<string, number>>>>, got: Outcome['drops']): string[] {
  const reasons: string[] = []
  for (const [component, expected] of Object.entries(wanted)) {
    for (const [reason, rows] of Object.entries(expected)) {
      const dropped = got.get(component)?.get(reason) ?? 0
      if (dropped !== rows) reasons.push(`drops: ${component} was to drop ${rowsText(rows)} as ${reason}, and dropped ${dropped}`)
    }
  }
  for (const [component, dropped] of got) {
    for (const [reason, rows] of dropped) {
      if (wanted[component]?.[reason] === undefined) reasons.push(`drops: ${component} dropped ${rowsText(rows)} as ${reason}, which is not expected (\`drops: {${component}: {${reason}: ${rows}}}\`)`)
    }
  }
  return reasons
}

const rowsText = (n: number): string => `${n} ${n === 1 ? 'row' : 'rows'}`
const conditionText = (condition: Condition): string => `{${Object.entries(condition).map(([field, matcher]) => `${field}: ${matcherText(matcher)}`).join(', ')}}`
const matcherText = (matcher: unknown): string => JSON.stringify(matcher)

const rowOf = ({ batch, at }: Row): EventRow => batch.at(at)

/** What a row has in a field, as conditions call it. */
function valueText (row: Row, name: string): string {
  const field = fieldOf(name)
  const event = rowOf(row)
  if (typeof field === 'string') return 'none'
  const value = fieldValue(field, event)
  if (value === undefined || value === '') return 'none'
  if (name === 'severity') return `${severityName(Number(value))} (${String(value)})`
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

function fieldValue (field: Field, event: EventRow): unknown {
  switch (field.kind) {
    case 'attribute': return event.allAttributes()[field.key]
    case 'resource': return event.resource.attributes[field.key]
    case 'scope': return event.scope[field.key]
    default: return field.column === 'signal' ? event.signal : field.column === 'type' ? event.type : event.get(field.column as 'name')
  }
}

function rowText (row: Row): string {
  const event = rowOf(row)
  const parts = [event.signal, severityName(Number(event.get('severity') ?? 0)), event.get('name'), event.get('message')].filter(part => part !== undefined && part !== '' && part !== 'unspecified')
  const attributes = JSON.stringify(event.allAttributes(), (_key, value: unknown) => typeof value === 'bigint' ? String(value) : value)
  return `${parts.join(' ')} ${attributes}`.slice(0, 300)
}
