/** Metrics of the process as messages. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { MetricAttributes } from '../../telemetry/meter.js'
import type { MetricFamily, MetricSnapshot } from '../../telemetry/snapshot.js'
import type { MetricFamilySchema, MetricSeriesSchema } from '../gen/tapio/v1/runtime_pb.js'
import { u64 } from './numbers.js'

export type FamilyInit = MessageInitShape<typeof MetricFamilySchema>

/** Families whose names begin with `prefix`, with those of their series that `wants`; families without series are left out. */
export function metricMessages ({ families }: MetricSnapshot, prefix: string, wants: (attributes: MetricAttributes) => boolean = () => true): FamilyInit[] {
  return families.filter(f => f.name.startsWith(prefix)).map(f => familyMessage(f, wants)).filter(f => (f.series ?? []).length > 0)
}

function familyMessage (family: MetricFamily, wants: (attributes: MetricAttributes) => boolean): FamilyInit {
  const { name, declaration: { kind, unit, description, bounds = [] } } = family
  const series: MessageInitShape<typeof MetricSeriesSchema>[] = family.kind === 'histogram'
    ? family.series.filter(s => wants(s.attributes)).map(s => ({ attributes: { ...s.attributes }, histogram: { bounds: [...bounds], counts: s.buckets.map(u64), sum: s.sum } }))
    : family.series.filter(s => wants(s.attributes)).map(s => ({ attributes: { ...s.attributes }, value: Number(s.value) }))
  return { name, kind, unit, description, series }
}
