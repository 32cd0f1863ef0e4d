/**
 * What an event can be looked up by, as 32-bit hashes: its trace, its symptom and the sign of it, the names of its entities, and whether
 * it is at least a warning, an error or critical. A hash may be that of another term: whoever looks up compares the row itself
 * (match.ts). What most events have (a name, a source, a signal, a namespace) is in words.ts.
 */
import type { AttributeColumn } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'

/** Attributes of resources and rows that name an entity, and its kind. */
export const namingAttributes: ReadonlyMap<string, string> = new Map([
  ['k8s.pod.name', 'Pod'], ['k8s.node.name', 'Node'], ['host.name', 'Node'], ['service.name', 'Service'], ['k8s.deployment.name', 'Deployment'], ['k8s.statefulset.name', 'StatefulSet'],
  ['k8s.daemonset.name', 'DaemonSet'], ['k8s.replicaset.name', 'ReplicaSet'], ['k8s.job.name', 'Job'], ['k8s.cronjob.name', 'CronJob']
])

/** Attributes that say the namespace of those. */
export const namespaceAttributes = ['k8s.namespace.name', 'service.namespace'] as const

/** SeverityNumbers from which on events have a term of their own. */
const severitySteps = [13, 17, 21] as const

const seeds = { trace: 0x7ace, symptom: 0x5109, sign: 0x5167, entity: 0xe171, severity: 0x5e7e }

/** murmur3's last step: every bit of the input changes half of the output's. */
function mixed (word: number): number {
  let h = word
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b)
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35)
  return (h ^ h >>> 16) >>> 0
}

const idTerm = (seed: number, a: number, b: number): number => mixed(seed ^ a ^ Math.imul(b, 0x9e3779b1))

/** By its last 8 bytes: the first are zeros, a time or a source in many systems. `hex`: 32 digits. */
export function idTermOfHex (kind: 'trace' | 'symptom', hex: string): number {
  const bytes = Buffer.from(hex, 'hex')
  return idTerm(seeds[kind], bytes.readUInt32LE(8), bytes.readUInt32LE(12))
}

export const entityTerm = (name: string): number => textTerm(seeds.entity, name)
export const signTerm = (sign: string): number => textTerm(seeds.sign, sign)

export function textTerm (seed: number, text: string): number {
  let h = seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mixed(h)
}

/** The term that all events of this severity or worse have, and others may; undefined below all of them. */
export function severityTerm (minSeverity: number): number | undefined {
  const step = severitySteps.findLast(s => s <= minSeverity)
  return step === undefined ? undefined : mixed(seeds.severity ^ step)
}

/** Term -> the rows of `batch` from `from` to `to` (excluded) that have it, counted from `from`, ascending. */
export function termsOf (batch: EventBatch, from: number, to: number): Map<number, number[]> {
  const terms = new Map<number, number[]>()
  const add = (term: number, row: number): void => {
    const rows = terms.get(term)
    if (rows === undefined) terms.set(term, [row])
    else if (rows[rows.length - 1] !== row) rows.push(row)
  }
  const { severity, traceId, symptomId, symptom, entityName, resource } = batch.columns
  const [traces, symptoms] = [idWords(traceId), idWords(symptomId)]
  const names = entityName === undefined ? undefined : cached(batch.strings.length, i => i === 0 ? [] : [entityTerm(batch.strings.at(i))])
  const signs = symptom === undefined ? undefined : cached(batch.strings.length, i => i === 0 ? [] : [signTerm(batch.strings.at(i))])
  const resources = cached(batch.resources.length, i => resourceTerms(batch, i))
  const columns = attributeTerms(batch)
  for (let row = from; row < to; row++) {
    addId(traces, row, seeds.trace, add, row - from)
    addId(symptoms, row, seeds.symptom, add, row - from)
    const level = severity[row] as number
    for (const step of severitySteps) if (level >= step) add(mixed(seeds.severity ^ step), row - from)
    if (names !== undefined && entityName !== undefined) for (const term of names(entityName[row] as number)) add(term, row - from)
    if (signs !== undefined && symptom !== undefined) for (const term of signs(symptom[row] as number)) add(term, row - from)
    for (const term of resources(resource[row] as number)) add(term, row - from)
    for (const { index, terms: of } of columns) for (const term of of(index[row] as number)) add(term, row - from)
  }
  return terms
}

function addId (words: Uint32Array | undefined, row: number, seed: number, add: (term: number, row: number) => void, at: number): void {
  if (words === undefined) return
  const [a, b] = [words[row * 4 + 2] as number, words[row * 4 + 3] as number]
  if ((a | b | (words[row * 4] as number) | (words[row * 4 + 1] as number)) !== 0) add(idTerm(seed, a, b), at)
}

/** A column of 16 bytes a row as four words a row (low byte first, on every platform Node runs on). */
export function idWords (column: Uint8Array | undefined): Uint32Array | undefined {
  if (column === undefined) return undefined
  const aligned = column.byteOffset % 4 === 0 ? column : new Uint8Array(column)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length >> 2)
}

function cached (length: number, make: (i: number) => readonly number[]): (i: number) => readonly number[] {
  const made = new Array<readonly number[] | undefined>(length)
  return i => (made[i] ??= make(i))
}

function resourceTerms (batch: EventBatch, at: number): number[] {
  const attributes = batch.resources[at]?.attributes ?? {}
  const terms: number[] = []
  for (const key of namingAttributes.keys()) if (typeof attributes[key] === 'string') terms.push(entityTerm(attributes[key]))
  return terms
}

/** Attribute columns of the batch alone: what only raw records say is not looked up (enrichment makes columns). */
function attributeTerms (batch: EventBatch): { index: Uint32Array, terms: (i: number) => readonly number[] }[] {
  const columns = Array.from(namingAttributes.keys(), key => batch.attributes.get(key)).filter((c): c is AttributeColumn => c !== undefined)
  return columns.map(({ index, values }) => ({
    index,
    terms: cached(values.length + 1, i => { const value = values[i - 1]; return typeof value === 'string' ? [entityTerm(value)] : [] })
  }))
}
