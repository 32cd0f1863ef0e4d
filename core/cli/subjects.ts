/** Things that a question is about, on the command line: entities, traces, incidents. */
import { InvalidArgumentError } from 'commander'
import type { EntityRef } from '../correlation/entity.js'

/** The whole or the beginning of a trace id. */
export function parseTraceId (text: string): string {
  if (!/^[0-9a-f]{4,32}$/i.test(text)) throw new InvalidArgumentError('give 4 to 32 hex digits.')
  return text.toLowerCase()
}

/** One of 64 bits is meant with zeros before it. */
export function parseWholeTraceId (text: string): string {
  if (!/^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(text)) throw new InvalidArgumentError('give all 32 hex digits, or 16 of an older tracer (tapio correlate finds by the beginning).')
  return text.toLowerCase().padStart(32, '0')
}

export function parseIncidentId (text: string): string {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) throw new InvalidArgumentError('give up to 16 hex digits, as `tapio incidents` shows them.')
  return text.toLowerCase()
}

export function parseEventId (text: string): string {
  if (!/^[0-9a-f]{32}$/i.test(text)) throw new InvalidArgumentError('give 32 hex digits, as -o json shows them.')
  return text.toLowerCase()
}

export function parseNamespaced (kind: string): (text: string) => EntityRef {
  return text => {
    const [, namespace, name] = /^(?:([^/\s]+)\/)?([^/\s]+)$/.exec(text) ?? []
    if (name === undefined) throw new InvalidArgumentError('give namespace/name, or the name.')
    return namespace === undefined ? { kind, name } : { kind, namespace, name }
  }
}

export function parseNode (text: string): EntityRef {
  if (!/^[^/\s]+$/.test(text)) throw new InvalidArgumentError('give the name of a node.')
  return { kind: 'Node', name: text }
}

/** `deployment/shop/cart`, `node/worker-1`, `cart`: a kind that is left out, '', means any. */
export function parseEntity (text: string): EntityRef {
  const parts = text.split('/')
  if (parts.some(p => p === '' || /\s/.test(p))) throw new InvalidArgumentError('give kind/namespace/name, kind/name, or the name.')
  const [first = '', second, ...rest] = parts
  if (second === undefined) return { kind: '', name: first }
  return rest.length === 0 ? { kind: first, name: second } : { kind: first, namespace: second, name: rest.join('/') }
}
