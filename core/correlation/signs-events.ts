/**
 * Which recogniser looks at an event, by its name alone: so that a row of a name that is never a sign costs one look into an
 * array. Every event of every receiver is in one of the tables, or in Kubernetes' (signs-kubernetes.ts).
 */
import { EventType, Severity } from '../data/enums.js'
import { kernelSigns } from './signs-kernel.js'
import { networkSigns } from './signs-network.js'
import { nodeSigns } from './signs-node.js'
import { detailOf, nothing, type Recognise, type RowFacts, type Seen, type SignName } from './signs.js'

/** Names of plain log lines: their text says what they are. */
const logNames: ReadonlySet<string> = new Set(['journal_log', 'kernel_log'])
/** Carries an object; what is wrong with it is told by rows of its own. */
const objectNames: ReadonlySet<string> = new Set(['ObjectSnapshot'])

export const eventSigns: ReadonlyMap<string, Recognise> = new Map([...Object.entries(kernelSigns), ...Object.entries(networkSigns), ...Object.entries(nodeSigns)])

/** What is to be done with rows of a name. */
export const Look = { unknown: 0, never: 1, always: 2, whenError: 3, text: 4, whenBad: 5 } as const
export type Look = (typeof Look)[keyof typeof Look]

export function lookAt (name: string): Look {
  if (logNames.has(name)) return Look.text
  if (objectNames.has(name)) return Look.never
  const known = eventSigns.get(name)
  if (known === undefined) return Look.whenBad
  // Every process that ends is told.
  return known === nothing ? Look.never : name === 'exit' ? Look.whenError : Look.always
}

const otherErrors: Readonly<Record<number, SignName>> = {
  [EventType.system]: 'kernel.error', [EventType.process]: 'kernel.error', [EventType.memory]: 'kernel.error', [EventType.cpu]: 'kernel.error', [EventType.disk]: 'kernel.error',
  [EventType.network]: 'net.error', [EventType.service]: 'node.error', [EventType.kubernetes]: 'k8s.warning'
}

/** An event of a name that no table has: of a plugin, or a newer Tapio. */
export function otherSign (row: RowFacts, type: number): Seen | undefined {
  const severity = row.get('severity') ?? 0
  const event = row.get('name') ?? ''
  // Alerts of a dump.
  if (type === EventType.metric && severity >= Severity.warning) return { sign: 'app.alert', detail: detailOf({ alert: event }) }
  if (severity < Severity.error) return undefined
  const sign = otherErrors[type] ?? 'app.log_error'
  return { sign, detail: detailOf(sign === 'k8s.warning' ? { reason: event } : { event }) }
}
