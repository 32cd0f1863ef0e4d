/** Entities: of documents, of messages, of questions. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { EntityRef } from '../../correlation/entity.js'
import type { EntityQuery } from '../../store/store.js'
import type { Entity, EntitySchema } from '../gen/tapio/v1/entity_pb.js'
import { badField } from './faults.js'

export type EntityInit = MessageInitShape<typeof EntitySchema>

export function entityMessage ({ kind, namespace = '', name, uid = '' }: EntityRef): EntityInit { return { kind, namespace, name, uid } }

/** What a document has: no keys for what is empty. */
export function entityOf ({ kind, namespace, name, uid }: Entity): EntityRef {
  return { kind, ...(namespace !== '' && { namespace }), name, ...(uid !== '' && { uid }) }
}

/** The entity of a question; undefined when none is given. Throws ApiError for one without a name. */
export function entityQueryOf (entity: Entity | undefined, path: string): EntityQuery | undefined {
  if (entity === undefined) return undefined
  const { kind, namespace, name, uid } = entity
  if (name === '') throw badField(`${path}.name`, 'is missing: an entity is asked for by its name')
  return { ...(kind !== '' && { kind }), ...(namespace !== '' && { namespace }), name, ...(uid !== '' && { uid }) }
}
