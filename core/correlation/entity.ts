/** What an event, a symptom or an incident is about, in one form for all layers. */

export interface EntityRef {
  /** Kubernetes' kind (`Pod`, `Node`, `Service`, `Deployment`), or `Unit`, `Process`, `Container`, `Address`, `Interface`, `Cluster`. */
  readonly kind: string
  /** '' or left out for what has none. Of a `Unit`, `Process` and `Interface`: the node's name. */
  readonly namespace?: string
  /** Of an `Address`: `10.0.0.7:3306` or a host name with port; of a `Container`: its id. */
  readonly name: string
  readonly uid?: string
}

/** `Pod/shop/cart-0`, `Node//worker-1`. The uid is no part of it: a name is one entity over its lives. */
export type EntityKey = string

export function entityKey ({ kind, namespace = '', name }: EntityRef): EntityKey { return `${kind}/${namespace}/${name}` }

export function entityOfKey (key: EntityKey): EntityRef {
  const [kind = '', namespace = '', ...rest] = key.split('/')
  const name = rest.join('/')
  return namespace === '' ? { kind, name } : { kind, namespace, name }
}

export function sameEntity (a: EntityRef, b: EntityRef): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
}

/** For people: `Pod shop/cart-0`, `Node worker-1`. */
export function entityText ({ kind, namespace = '', name }: EntityRef): string { return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}` }

/** Each once, in the order in which they first come. */
export function uniqueEntities (entities: readonly EntityRef[]): EntityRef[] { return [...new Map(entities.map(e => [entityKey(e), e])).values()] }
