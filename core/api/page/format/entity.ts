import type { EntityJson } from '../../gen/tapio/v1/entity_pb.js'

export function entityName ({ namespace = '', name = '' }: EntityJson): string { return namespace === '' ? name : `${namespace}/${name}` }

export function entityText (entity: EntityJson | undefined): string { return entity === undefined ? '' : `${entity.kind ?? ''} ${entityName(entity)}`.trim() }

/** One entity over its lives: the uid is no part of it. */
export function entityKey ({ kind = '', namespace = '', name = '' }: EntityJson): string { return `${kind}/${namespace}/${name}` }

function query ({ kind, namespace, name }: EntityJson): string {
  return new URLSearchParams(Object.entries({ kind, namespace, name }).filter((pair): pair is [string, string] => (pair[1] ?? '') !== '')).toString()
}

export function topologyPath (entity: EntityJson): string { return `/topology?${query(entity)}` }

export function eventsPath (entity: EntityJson): string { return `/events?${query(entity)}` }

/** What is typed: `Pod shop/cart-0`, `shop/cart-0`, `cart-0`. */
export function entityOf (text: string): { readonly kind?: string, readonly namespace?: string, readonly name: string } | undefined {
  const [, kind, namespace, name] = /^\s*(?:([A-Za-z]+)\s+)?(?:([^\s/]+)\/)?(\S+)\s*$/.exec(text) ?? []
  if (name === undefined) return undefined
  return { ...(kind === undefined ? {} : { kind }), ...(namespace === undefined ? {} : { namespace }), name }
}

/** At most `most` characters: pods of one workload differ in their ends, so the middle goes. */
export function shortened (text: string, most: number): string {
  if (text.length <= most) return text
  const end = Math.ceil((most - 1) / 2)
  return `${text.slice(0, most - 1 - end)}…${text.slice(-end)}`
}
