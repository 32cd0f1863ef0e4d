/**
 * Who sent a row (resource) and which library made it (scope). Each occurs once a request and is shared by many rows, so a
 * batch keeps a table of them and rows hold an index.
 *
 * `envelope` keeps, as received, every byte of the OTLP ResourceSpans/ResourceLogs/ResourceMetrics (or Scope...) message
 * except its repeated children: resource or scope, schema_url and any field we do not know. Putting children back after it
 * gives the same message, so nothing is lost by not understanding it.
 */
import { decodeResourceEnvelope, decodeScopeEnvelope, orElse, type ScopeIdentity } from '../otlp/wire.js'
import type { Attributes, AttributeValue } from './attributes.js'

export class Resource {
  readonly envelope: Uint8Array | undefined
  #attributes: Attributes | undefined
  #key: string | undefined

  /** From an envelope the attributes are decoded at the first question. Edited attributes replace what an envelope says. */
  constructor (envelope: Uint8Array | undefined, attributes?: Attributes, readonly edited = false) {
    this.envelope = envelope
    this.#attributes = attributes
  }

  get attributes (): Attributes {
    const { envelope } = this
    return (this.#attributes ??= envelope === undefined ? {} : orElse({}, () => decodeResourceEnvelope(envelope)))
  }

  /** Equal for resources that can stand for each other. */
  get key (): string {
    return (this.#key ??= (this.envelope === undefined ? '' : latin1(this.envelope)) +
      (this.edited || this.envelope === undefined ? '\u0000' + keyOf(this.attributes) : ''))
  }

  with (changes: Attributes): Resource {
    return new Resource(this.envelope, { ...this.attributes, ...changes }, true)
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

function keyOf (attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)), plain)
}

/** JSON has neither bigint nor bytes. */
function plain (_key: string, value: AttributeValue): unknown {
  if (typeof value === 'bigint') return `${value}n`
  return value instanceof Uint8Array ? { bytes: latin1(value) } : value
}
