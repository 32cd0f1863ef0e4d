/** The entity columns of a batch: filled where rows leave them empty, with the place of each text looked up once a resource. */
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Marks } from './marks.js'

interface Columns { readonly kind: Uint32Array, readonly namespace: Uint32Array, readonly name: Uint32Array, readonly uid: Uint32Array }
interface Places { readonly of: EntityRef, readonly kind: number, readonly namespace: number, readonly name: number, readonly uid: number }

export class EntityColumns {
  readonly #places: (Places | undefined)[] = []
  #columns: Columns | undefined

  constructor (readonly marks: Marks) {}

  /** `resource`: index of the one that `entity` was found by. */
  fill (row: number, resource: number, entity: EntityRef): void {
    const columns = this.#columns ??= this.#make()
    let places = this.#places[resource]
    if (places?.of !== entity) this.#places[resource] = places = this.#placesOf(entity)
    columns.kind[row] = places.kind
    columns.namespace[row] = places.namespace
    columns.name[row] = places.name
    columns.uid[row] = places.uid
  }

  #make (): Columns {
    const { marks } = this
    return { kind: marks.column('entityKind'), namespace: marks.column('entityNamespace'), name: marks.column('entityName'), uid: marks.column('entityUid') }
  }

  #placesOf (entity: EntityRef): Places {
    const { marks } = this
    return { of: entity, kind: marks.place(entity.kind), namespace: marks.place(entity.namespace ?? ''), name: marks.place(entity.name), uid: marks.place(entity.uid ?? '') }
  }
}
