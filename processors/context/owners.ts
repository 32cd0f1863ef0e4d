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
  #version = -1

  constructor (readonly batch: EventBatch, readonly engine: Engine, readonly resolver: Resolver) {}

  attributes (resource: number): Attributes { return this.batch.resources[resource]?.attributes ?? {} }

  container (resource: number): string { return text(this.attributes(resource), 'k8s.container.name') }

  /** Remembers who is who, at the first row of a resource. */
  learn (resource: number): void {
    if (this.#learned[resource] === true) return
    this.#learned[resource] = true
    this.resolver.learn(this.attributes(resource))
  }

  ofResource (resource: number, isLocal: boolean, timeMs: number): Whose {
    this.#refresh()
    const known = isLocal ? this.#local : this.#known
    return (known[resource] ??= this.resolver.of(this.attributes(resource), isLocal ? localSaysNothing : saysNothing, timeMs))
  }

  of (resource: number, said: Said, timeMs: number): Whose {
    const { kind, address, comm, interfaceName } = said
    const isPlain = kind === '' && address === '' && comm === '' && interfaceName === ''
    return isPlain ? this.ofResource(resource, said.isLocal, timeMs) : this.resolver.of(this.attributes(resource), said, timeMs)
  }

  #refresh (): void {
    const version = this.resolver.version
    if (version === this.#version) return
    this.#version = version
    this.#known.length = this.#local.length = 0
  }
}
