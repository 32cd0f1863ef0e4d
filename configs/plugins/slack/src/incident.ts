/** What an incident event says, as far as a message needs it. The document comes from Tapio, but may have been anywhere in between: nothing is trusted. */
import type { EventRow } from 'tapio/plugin'

export interface Told {
  readonly id: string
  readonly version: number
  readonly isOpen: boolean
  readonly title: string
  readonly severity: string
  readonly startMs: number
  readonly impact: string
  readonly cause: string
  readonly explanation: string
  /** 0 to 1. */
  readonly confidence: number
  readonly chain: readonly string[]
  readonly affected: readonly string[]
  readonly actions: readonly { readonly text: string, readonly command: string }[]
  readonly mergedInto: string
}

type Plain = Readonly<Record<string, unknown>>

const object = (value: unknown): Plain => typeof value === 'object' && value !== null ? value as Plain : {}
const list = (value: unknown): readonly Plain[] => Array.isArray(value) ? value.map(object) : []
const text = (value: unknown): string => typeof value === 'string' ? value : ''
const number = (value: unknown): number => typeof value === 'number' && Number.isFinite(value) ? value : 0

/** Undefined: the row has no document of an incident. */
export function incidentOf (row: EventRow): Told | undefined {
  const { raw } = row
  if (raw === undefined) return undefined
  let document: Plain
  try {
    document = object(JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8')))
  } catch {
    return undefined
  }
  const id = text(document['id'])
  if (id === '' || document['schema'] !== 1) return undefined
  const impact = object(document['impact'])
  const best = list(document['hypotheses'])[0] ?? {}
  const nameOf = (entity: unknown): string => {
    const { kind, namespace, name } = object(entity)
    return `${text(kind)} ${text(namespace) === '' ? '' : `${text(namespace)}/`}${text(name)}`
  }
  return {
    id, version: number(document['version']), isOpen: document['status'] !== 'resolved', title: text(document['title']), severity: text(document['severity']), startMs: number(document['startMs']),
    impact: text(impact['summary']), cause: text(best['title']), explanation: text(best['explanation']), confidence: number(best['score']),
    chain: list(document['chain']).map(step => text(step['text'])), affected: list(impact['affected']).map(a => `${text(a['state'])}: ${nameOf(a['entity'])}`),
    actions: list(document['actions']).map(a => ({ text: text(a['text']), command: text(a['command']) })), mergedInto: text(document['mergedInto'])
  }
}
