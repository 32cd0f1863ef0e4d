/** The filter of a request, from flags. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { EventFilterSchema } from '../../api/gen/tapio/v1/event_pb.js'
import type { FilterOptions } from './filter-options.js'

export function filterOf (options: FilterOptions): MessageInitShape<typeof EventFilterSchema> {
  const { traceId, severity, text, since, until, source = [], name = [], signal = [], namespace = [], symptom = [] } = options
  const entity = options.pod ?? options.service ?? options.node ?? options.entity
  const isId = (sign: string): boolean => /^[0-9a-f]{32}$/.test(sign)
  const symptomId = symptom.find(isId)
  return {
    sources: [...source], names: [...name], signals: [...signal], namespaces: [...namespace], symptoms: symptom.filter(s => !isId(s)),
    ...(traceId !== undefined && { traceId }),
    ...(entity !== undefined && { entity: { kind: entity.kind, namespace: entity.namespace ?? '', name: entity.name } }),
    ...(severity !== undefined && { minSeverity: severity }),
    ...(symptomId !== undefined && { symptomId }),
    ...(text !== undefined && { text }),
    ...(since !== undefined && { since: timestampFromMs(since) }),
    ...(until !== undefined && { until: timestampFromMs(until) })
  }
}
