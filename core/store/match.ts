/** Whether a row is what a question asks for: the exact answer behind the hashes of terms.ts. */
import type { EntityRef } from '../correlation/entity.js'
import { attributeAt, type Attributes } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { entityMatches } from './entity-match.js'
import type { EntityQuery, EventQuery } from './store.js'
import { namingAttributes } from './terms.js'

export type RowTest = (row: number) => boolean

/** Time aside, which the search looks at itself. */
export function matcher (batch: EventBatch, { traceId, symptomId, minSeverity, entity }: EventQuery): RowTest {
  const tests: RowTest[] = []
  if (minSeverity !== undefined) tests.push(row => (batch.columns.severity[row] as number) >= minSeverity)
  if (traceId !== undefined) tests.push(idTest(batch.columns.traceId, traceId))
  if (symptomId !== undefined) tests.push(idTest(batch.columns.symptomId, symptomId))
  if (entity !== undefined) tests.push(entityTest(batch, entity))
  return row => tests.every(test => test(row))
}

/** Event time of a row, the observed one where there is none. */
export function timeOf ({ columns: { timeUnixNano, observedTimeUnixNano } }: EventBatch, row: number): bigint {
  const time = timeUnixNano[row] as bigint
  return time === 0n ? observedTimeUnixNano?.[row] ?? 0n : time
}

function idTest (column: Uint8Array | undefined, hex: string): RowTest {
  if (column === undefined) return () => false
  const bytes = Buffer.from(column.buffer, column.byteOffset, column.length)
  const wanted = Buffer.from(hex, 'hex')
  return row => bytes.compare(wanted, 0, 16, row * 16, row * 16 + 16) === 0
}

function entityTest (batch: EventBatch, wanted: EntityQuery): RowTest {
  const { resource, entityKind, entityNamespace, entityName, entityUid } = batch.columns
  const ofResource = new Map<number, boolean>()
  const inResource = (at: number): boolean => {
    const known = ofResource.get(at)
    if (known !== undefined) return known
    const { attributes = {} } = batch.resources[at] ?? {}
    const answer = Array.from(entitiesNamed(key => attributes[key], attributes)).some(e => entityMatches(e, wanted))
    ofResource.set(at, answer)
    return answer
  }
  const hasColumns = [...namingAttributes.keys()].some(key => batch.attributes.has(key))
  const inColumns = (row: number): boolean => {
    const { attributes = {} } = batch.resources[resource[row] as number] ?? {}
    return Array.from(entitiesNamed(key => attributeAt(batch.attributes.get(key), row), attributes)).some(e => entityMatches(e, wanted))
  }
  return row => {
    const name = batch.text(entityName, row)
    if (name === wanted.name && entityMatches({ kind: batch.text(entityKind, row), namespace: batch.text(entityNamespace, row), name, uid: batch.text(entityUid, row) }, wanted)) return true
    return inResource(resource[row] as number) || (hasColumns && inColumns(row))
  }
}

/** `fallback`: where the namespace is looked for when `attribute` has none. */
function * entitiesNamed (attribute: (key: string) => unknown, fallback: Attributes): Generator<EntityRef> {
  const namespaceOf = (key: string): string | undefined => {
    const value = attribute(key) ?? fallback[key]
    return typeof value === 'string' ? value : undefined
  }
  const namespace = namespaceOf('k8s.namespace.name') ?? namespaceOf('service.namespace') ?? ''
  for (const [key, kind] of namingAttributes) {
    const name = attribute(key)
    if (typeof name !== 'string') continue
    const uid = namespaceOf(key.replace(/\.name$/, '.uid'))
    yield { kind, name, ...(kind !== 'Node' && { namespace }), ...(uid !== undefined && { uid }) }
  }
}
