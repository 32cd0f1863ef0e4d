/** Resources and scopes as they stand in a document's header (codec.ts draws it), read back. */
import type { Attributes, AttributeValue } from './attributes.js'
import { Malformed } from './plain-msgpack.js'
import { Resource, Scope } from './resource.js'

/** `[envelope, attributes|nil, edited]`, or the text of one that has no envelope. */
export function readResource (entry: AttributeValue): Resource {
  if (typeof entry === 'string') return Resource.fromText(entry)
  if (!Array.isArray(entry)) throw new Malformed('a resource is not of the expected form')
  const [envelope, attributes, edited] = entry
  return new Resource(asBytes(envelope), asAttributes(attributes), edited === true)
}

/** `[envelope|nil, [name, version, attributes]|nil]`. */
export function readScope (entry: AttributeValue): Scope {
  if (!Array.isArray(entry)) throw new Malformed('a scope is not of the expected form')
  const [envelope, identity] = entry
  if (!Array.isArray(identity)) return new Scope(asBytes(envelope))
  const [name, version, attributes] = identity
  return new Scope(asBytes(envelope), { name: asText(name), version: asText(version), attributes: asAttributes(attributes) ?? {} })
}

const asText = (value: AttributeValue | undefined): string => typeof value === 'string' ? value : ''

function asBytes (value: AttributeValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function asAttributes (value: AttributeValue | undefined): Attributes | undefined {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value) ? value : undefined
}
