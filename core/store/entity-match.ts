import type { EntityRef } from '../correlation/entity.js'
import type { EntityQuery } from './store.js'

export function entityMatches (entity: EntityRef, wanted: EntityQuery): boolean {
  return entity.name === wanted.name &&
    (wanted.kind === undefined || entity.kind.toLowerCase() === wanted.kind.toLowerCase()) &&
    (wanted.namespace === undefined || (entity.namespace ?? '') === wanted.namespace) &&
    (wanted.uid === undefined || entity.uid === wanted.uid)
}
