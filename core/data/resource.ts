/**
 * Who sent a row (resource) and which library made it (scope). Each occurs once a request and is shared by many rows, so a
 * batch keeps a table of them and rows hold an index.
 *
 * `envelope` keeps, as received, every byte of the OTLP ResourceSpans/ResourceLogs/ResourceMetrics (or Scope...) message
 * except its repeated children: resource or scope, schema_url and any field we do not know. Putting children back after it
 * gives the same message, so nothing is lost by not understanding it.
 */
import { decodeResourceEnvelope, decodeScopeEnvelope, orElse, type ScopeIdentity } from '../otlp/wire.js'
import { copyAttributes, type Attributes } from './attributes.js'
import { InvalidJson, attributesToJson, parseJson, valueFromJson } from './json-value.js'

export class Resource {
  readonly envelope: Uint8Array | undefined
  #attributes: Attributes | undefined
  #text: string | undefined
  #key: string | undefined

  /** From an envelope the attributes are decoded at the first question. Edited attributes replace what an envelope says. */
  constructor (envelope: Uint8Array | undefined, attributes?: Attributes, readonly edited = false) {
    this.envelope = envelope
    this.#attributes = attributes
  }

  /** From `text` of an equal one: parsed at the first question, so that what only passes through is never parsed. */
  static fromText (text: string): Resource {
    const resource = new Resource(undefined)
    resource.#text = text
    return resource
  }

  get attributes (): Attributes {
    const { envelope } = this
    return (this.#attributes ??= envelope === undefined ? attributesOf(this.#text) : orElse({}, () => decodeResourceEnvelope(envelope)))
  }

  /** The attributes as JSON that keeps every value apart (json-value.ts), keys in order: equal for equal attributes. */
  get text (): string { return (this.#text ??= keyOf(this.attributes)) }

  /** Equal for resources that can stand for each other. */
  get key (): string {
    const { envelope } = this
    return (this.#key ??= envelope !== undefined && !this.edited
      ? latin1(envelope)
      : `${envelope === undefined ? '' : latin1(envelope)}\u0000${this.text}\u0000${envelope?.length ?? ''}`)
  }

  with (changes: Attributes): Resource {
    return new Resource(this.envelope, { ...this.attributes, ...copyAttributes(changes) }, true)
  }
}

export class Scope {
  #identity: ScopeIdentity | undefined
  #key: string | undefined

  constructor (readonly envelope: Uint8Array | undefined, identity?: ScopeIdentity) { this.#identity = identity }

  get name (): string { return this.#decoded().name }
  get version (): string { return this.#decoded().version }
  get attributes (): Attributes { return this.#decoded().attributes }

  get key (): string {
    return (this.#key ??= this.envelope === undefined ? `\u0000${this.name}\u0000${this.version}${keyOf(this.attributes)}` : latin1(this.envelope))
  }

  /** True when it says nothing: the scope of rows without one. */
  get isEmpty (): boolean {
    return this.name === '' && this.version === '' && Object.keys(this.attributes).length === 0
  }

  /** Name, version and, when there are any, attributes. */
  toObject (): { name: string, version: string, attributes?: Attributes } {
    const { name, version, attributes } = this
    return Object.keys(attributes).length === 0 ? { name, version } : { name, version, attributes }
  }

  #decoded (): ScopeIdentity {
    const { envelope } = this
    return (this.#identity ??= envelope === undefined ? noScope : orElse(noScope, () => decodeScopeEnvelope(envelope)))
  }
}

const noScope: ScopeIdentity = Object.freeze({ name: '', version: '', attributes: {} })

export const emptyResource = new Resource(undefined, {})
export const emptyScope = new Scope(undefined, noScope)

function latin1 (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** What a damaged document says instead of attributes is no attributes. */
function attributesOf (text: string | undefined): Attributes {
  if (text === undefined) return {}
  try {
    const value = valueFromJson(parseJson(text))
    return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value) ? value : {}
  } catch (error) {
    if (error instanceof InvalidJson || error instanceof SyntaxError) return {}
    throw error
  }
}

function keyOf (attributes: Attributes): string {
  return attributesToJson(Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** A scope in words. */
export interface ScopeInput { readonly name: string, readonly version?: string, readonly attributes?: Attributes }

/** `resource` as it is, or a new one with a copy of these attributes. */
export function asResource (resource: Resource | Attributes): Resource {
  return resource instanceof Resource ? resource : new Resource(undefined, copyAttributes(resource))
}

export function asScope (scope: Scope | ScopeInput): Scope {
  return scope instanceof Scope ? scope : new Scope(undefined, { name: scope.name, version: scope.version ?? '', attributes: copyAttributes(scope.attributes ?? {}) })
}

/** A table of distinct resources or scopes. The same object is found at once, an equal one by its key. */
export class ItemTable<T extends { readonly key: string }> {
  readonly items: T[]
  readonly #index = new Map<string | T, number>()

  constructor (first: T) {
    this.items = [first]
    this.#index.set(first, 0).set(first.key, 0)
  }

  place (item: T): number {
    const at = this.#index.get(item)
    if (at !== undefined) return at
    const known = this.#index.get(item.key) ?? this.items.push(item) - 1
    this.#index.set(item, known).set(item.key, known)
    return known
  }
}
