/** Whether a row is what a question asks for: the exact answer behind the hashes of terms.ts. */
import type { EntityRef } from '../correlation/entity.js'
import { attributeAt, type Attributes } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { signals } from '../data/enums.js'
import { entityMatches } from './entity-match.js'
import type { EntityQuery, EventQuery } from './store.js'
import { namespaceAttributes, namingAttributes } from './terms.js'

export type RowTest = (row: number) => boolean

/** Time aside, which the search looks at itself. */
export function matcher (batch: EventBatch, query: EventQuery): RowTest {
  const { traceId, symptomId, minSeverity, entity, symptoms, sources, names, namespaces, text } = query
  const { columns } = batch
  const tests: RowTest[] = []
  if (minSeverity !== undefined) tests.push(row => (columns.severity[row] as number) >= minSeverity)
  if (traceId !== undefined) tests.push(idTest(columns.traceId, traceId))
  if (symptomId !== undefined) tests.push(idTest(columns.symptomId, symptomId))
  if (isGiven(query.signals)) tests.push(signalTest(columns.signal, query.signals))
  if (isGiven(symptoms)) tests.push(wordTest(batch, columns.symptom, symptoms))
  if (isGiven(sources)) tests.push(wordTest(batch, columns.source, sources))
  if (isGiven(names)) tests.push(wordTest(batch, columns.name, names))
  if (isGiven(namespaces)) tests.push(namespaceTest(batch, namespaces))
  if (entity !== undefined) tests.push(entityTest(batch, entity))
  if (text !== undefined && text !== '') tests.push(textTest(batch, text))
  return row => tests.every(test => test(row))
}

/** A list of nothing asks for nothing. */
export function isGiven (list: readonly string[] | undefined): list is readonly string[] { return list !== undefined && list.length > 0 }

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

function signalTest (column: Uint8Array, wanted: readonly string[]): RowTest {
  const codes = new Set(wanted.map(name => (signals as readonly string[]).indexOf(name)))
  return row => codes.has(column[row] as number)
}

function wordTest ({ strings }: EventBatch, column: Uint32Array | undefined, words: readonly string[]): RowTest {
  if (column === undefined) return () => false
  const places = new Set(words.filter(word => word !== '').flatMap(word => strings.find(word)))
  return row => places.has(column[row] as number)
}

function textTest ({ strings, columns: { name, message } }: EventBatch, text: string): RowTest {
  const wanted = text.toLowerCase()
  const has = remembered(at => strings.at(at).toLowerCase().includes(wanted))
  return row => has(name?.[row] ?? 0) || has(message?.[row] ?? 0)
}

/** Of its own columns, else of its attributes or resource. */
function namespaceTest (batch: EventBatch, wanted: readonly string[]): RowTest {
  const { resource, entityNamespace } = batch.columns
  const words = new Set(wanted.filter(word => word !== ''))
  const inText = remembered(at => words.has(batch.strings.at(at)))
  const inResource = remembered(at => {
    const { attributes = {} } = batch.resources[at] ?? {}
    return namespaceAttributes.some(key => words.has(attributes[key] as string))
  })
  const columns = namespaceAttributes.map(key => batch.attributes.get(key)).filter(column => column !== undefined)
  return row => inText(entityNamespace?.[row] ?? 0) || inResource(resource[row] as number) || columns.some(column => words.has(attributeAt(column, row) as string))
}

function entityTest (batch: EventBatch, wanted: EntityQuery): RowTest {
  const { resource, entityKind, entityNamespace, entityName, entityUid } = batch.columns
  const inResource = remembered(at => {
    const { attributes = {} } = batch.resources[at] ?? {}
    return Array.from(entitiesNamed(key => attributes[key], attributes)).some(e => entityMatches(e, wanted))
  })
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
export function * entitiesNamed (attribute: (key: string) => unknown, fallback: Attributes): Generator<EntityRef> {
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

/** `answer` for places of a table, each asked once. */
function remembered (answer: (at: number) => boolean): (at: number) => boolean {
  const known = new Map<number, boolean>()
  return at => {
    let found = known.get(at)
    if (found === undefined) known.set(at, found = answer(at))
    return found
  }
}
