/** The five kinds of a Metric's data: which field of Metric it is, and where its points keep what all points have. */
import { messageType, type MessageType } from './schema.js'

export interface DataKind {
  /** core/data/enums.ts */
  readonly kind: number
  /** The tag of the data field in Metric. */
  readonly tag: number
  readonly message: MessageType
  readonly point: MessageType
  /** Has a count and a sum instead of a value. */
  readonly distribution: boolean
  /** Says whether it only grows. */
  readonly monotonic: boolean
  /** The field of a point that holds its attributes. */
  readonly attributes: number
}

const kindOf = (kind: number, tag: number, name: 'Gauge' | 'Sum' | 'Histogram' | 'ExponentialHistogram' | 'Summary', attributes: number): DataKind => ({
  kind, tag, attributes,
  message: messageType(name),
  point: messageType(name === 'Gauge' || name === 'Sum' ? 'NumberDataPoint' : `${name}DataPoint`),
  distribution: name !== 'Gauge' && name !== 'Sum',
  monotonic: name === 'Sum'
})

const none: DataKind = { ...kindOf(0, 0, 'Gauge', 0) }

/** By `kind`; 0 is no kind. */
export const dataKinds: readonly DataKind[] = [
  none, kindOf(1, 42, 'Gauge', 7), kindOf(2, 58, 'Sum', 7), kindOf(3, 74, 'Histogram', 9), kindOf(4, 82, 'ExponentialHistogram', 1), kindOf(5, 90, 'Summary', 7)
]
