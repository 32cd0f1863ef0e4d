import type { EntityJson } from '../../gen/tapio/v1/entity_pb.js'
import { entityName, topologyPath } from '../format/entity.js'

/** Leads to its place in the topology. */
export function EntityLink ({ entity }: { readonly entity: EntityJson | undefined }) {
  if (entity === undefined) return null
  return <a class="entity" href={topologyPath(entity)} title={entity.uid === undefined ? undefined : `uid ${entity.uid}`}><span class="kind">{entity.kind}</span> {entityName(entity)}</a>
}
