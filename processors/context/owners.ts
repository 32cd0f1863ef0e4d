/** Whose the rows of one batch are. Rows that say no more than their resource share its answer while the model is the same. */
import type { Engine } from '../../core/correlation/engine.js'
import type { Attributes } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { text, type Resolver, type Said, type Whose } from './whose.js'

export const saysNothing: Said = { kind: '', namespace: '', name: '', uid: '', interfaceName: '', address: '', comm: '', isLocal: false }
const localSaysNothing: Said = { ...saysNothing, isLocal: true }

export class Owners {
  readonly #known: (Whose | undefined)[] = []
  readonly #local: (Whose | undefined)[] = []
  readonly #learned: boolean[] = []
  /** By the place of the name: whose the last row of that name was. */
  readonly #saids = new Map<number, { readonly kind: number, readonly namespace: number, readonly uid: number, readonly resource: number, readonly isLocal: boolean, readonly whose: Whose }>()
  #version = -1

  constructor (readonly batch: EventBatch, readonly engine: Engine, readonly resolver: Resolver) {}

  attributes (resource: number): Attributes { return this.batch.resources[resource]?.attributes ?? {} }

  container (resource: number): string { return text(this.attributes(resource), 'k8s.container.name') }

  /** Remembers who is who, at the first row of a resource. */
  learn (resource: number): void {
    if (this.#learned[resource] === true) return
    this.#learned[resource] = true
    const of = this.batch.resources[resource]
    if (of !== undefined) this.resolver.memo(of)
  }

  ofResource (resource: number, isLocal: boolean, timeMs: number): Whose {
    this.#refresh()
    const known = isLocal ? this.#local : this.#known
    return (known[resource] ??= this.#ask(resource, isLocal, timeMs))
  }

  of (resource: number, said: Said, timeMs: number): Whose {
    const { kind, address, comm, interfaceName } = said
    const isPlain = kind === '' && address === '' && comm === '' && interfaceName === ''
    return isPlain ? this.ofResource(resource, said.isLocal, timeMs) : this.resolver.of(this.attributes(resource), said, timeMs)
  }

  /** Of a row that names its entity. Rows of one entity follow each other by the thousands. */
  ofSaid (row: number, isLocal: boolean, timeMs: number): Whose {
    this.#refresh()
    const { entityKind, entityNamespace, entityName, entityUid, resource } = this.batch.columns
    const [kind, namespace, name, uid, of] = [entityKind?.[row] ?? 0, entityNamespace?.[row] ?? 0, entityName?.[row] ?? 0, entityUid?.[row] ?? 0, resource[row] as number]
    const known = this.#saids.get(name)
    if (known?.kind === kind && known.namespace === namespace && known.uid === uid && known.resource === of && known.isLocal === isLocal) return known.whose
    const { batch } = this
    const text = (column: Uint32Array | undefined): string => batch.text(column, row)
    const whose = this.resolver.said(this.attributes(of), { ...saysNothing, kind: text(entityKind), namespace: text(entityNamespace), name: text(entityName), uid: text(entityUid), isLocal }, timeMs)
    this.#saids.set(name, { kind, namespace, uid, resource: of, isLocal, whose })
    return whose
  }

  #ask (resource: number, isLocal: boolean, timeMs: number): Whose {
    const said = isLocal ? localSaysNothing : saysNothing
    const of = this.batch.resources[resource]
    if (of === undefined) return this.resolver.of({}, said, timeMs)
    const memo = this.resolver.memo(of)
    const { version } = this.resolver
    if (memo.version !== version) { memo.version = version; memo.plain = memo.local = undefined }
    if (isLocal) return (memo.local ??= this.resolver.of(of.attributes, said, timeMs))
    return (memo.plain ??= this.resolver.of(of.attributes, said, timeMs))
  }

  #refresh (): void {
    const version = this.resolver.version
    if (version === this.#version) return
    this.#version = version
    this.#known.length = this.#local.length = 0
    this.#saids.clear()
  }
}
