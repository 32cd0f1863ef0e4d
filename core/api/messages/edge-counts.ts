/** What edges and components counted, read out of a snapshot once. */
import { exposedName } from '../../telemetry/declaration.js'
import { componentDropped } from '../../telemetry/drops.js'
import { edgeMetrics, type EdgeEnds } from '../../telemetry/edges.js'
import type { MetricDeclaration } from '../../telemetry/meter.js'
import type { HistogramSeries, MetricSnapshot, NumberSeries } from '../../telemetry/snapshot.js'

export interface EdgeCounts {
  sent: bigint
  accepted: bigint
  rejected: bigint
  refused: bigint
  retried: bigint
  inFlight: number
  readonly drops: Map<string, bigint>
  /** Per bucket of `latencyBounds`, and one more. */
  readonly latencies: number[]
}

export const latencyBounds: readonly number[] = edgeMetrics.duration.bounds ?? []

export interface Counts {
  edge(edge: EdgeEnds): EdgeCounts
  /** Rows that ended in a component (`processor/filter`, `ring/main:in`) on purpose, by reason. */
  drops(component: string): ReadonlyMap<string, bigint>
}

const keyOf = (from: string, to: string, pipeline: string): string => `${pipeline}\n${from}\n${to}`
const noDrops: ReadonlyMap<string, bigint> = new Map()

export function countsOf (snapshot: MetricSnapshot): Counts {
  const edges = new Map<string, EdgeCounts>()
  const at = (key: string): EdgeCounts => {
    const known = edges.get(key) ?? none()
    edges.set(key, known)
    return known
  }
  const ofEdge = ({ from = '', to = '', pipeline = '' }: NumberSeries['attributes']): EdgeCounts => at(keyOf(from, to, pipeline))
  for (const name of ['sent', 'accepted', 'rejected', 'refused', 'retried'] as const) {
    for (const { attributes, value } of numbersOf(snapshot, edgeMetrics[name])) ofEdge(attributes)[name] += BigInt(value)
  }
  for (const { attributes, value } of numbersOf(snapshot, edgeMetrics.inFlight)) ofEdge(attributes).inFlight += Number(value)
  for (const { attributes, value } of numbersOf(snapshot, edgeMetrics.dropped)) addDrop(ofEdge(attributes).drops, attributes.reason, value)
  for (const { attributes, buckets } of histogramsOf(snapshot, edgeMetrics.duration)) {
    const { latencies } = ofEdge(attributes)
    buckets.forEach((n, i) => { latencies[i] = (latencies[i] ?? 0) + Number(n) })
  }
  const components = new Map<string, Map<string, bigint>>()
  for (const { attributes, value } of numbersOf(snapshot, componentDropped)) {
    const component = attributes.component ?? ''
    const drops = components.get(component) ?? new Map<string, bigint>()
    components.set(component, drops)
    addDrop(drops, attributes.reason, value)
  }
  return {
    edge: ({ from, to, pipeline }) => edges.get(keyOf(from, to, pipeline)) ?? none(),
    drops: component => components.get(component) ?? noDrops
  }
}

const none = (): EdgeCounts => ({ sent: 0n, accepted: 0n, rejected: 0n, refused: 0n, retried: 0n, inFlight: 0, drops: new Map(), latencies: [] })

function addDrop (drops: Map<string, bigint>, reason = '', value: bigint | number): void { drops.set(reason, (drops.get(reason) ?? 0n) + BigInt(value)) }

export function numbersOf (snapshot: MetricSnapshot, declaration: MetricDeclaration): readonly NumberSeries[] {
  const name = exposedName(declaration)
  const family = snapshot.families.find(f => f.name === name)
  return family?.kind === 'number' ? family.series : []
}

function histogramsOf (snapshot: MetricSnapshot, declaration: MetricDeclaration): readonly HistogramSeries[] {
  const name = exposedName(declaration)
  const family = snapshot.families.find(f => f.name === name)
  return family?.kind === 'histogram' ? family.series : []
}
