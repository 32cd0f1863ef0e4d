/** What services promised. */
import type { EntityRef } from '../../correlation/entity.js'
import type { Attributes } from '../../data/attributes.js'

export interface SloTarget {
  /** `shop/checkout`, or `checkout` in whatever namespace. */
  readonly service: string
  /** Share of requests that must not fail, below 1. */
  readonly availability?: number
  /** Share of requests that must take at most `thresholdMs`. */
  readonly latency?: { readonly thresholdMs: number, readonly target: number }
  /** The period the promise is made for. */
  readonly windowMs: number
}

export type Objective = 'availability' | 'latency'

export function partsOf (service: string): { readonly namespace: string, readonly name: string } {
  const slash = service.indexOf('/')
  return slash < 0 ? { namespace: '', name: service } : { namespace: service.slice(0, slash), name: service.slice(slash + 1) }
}

const names = ['service.name', 'k8s.deployment.name', 'k8s.statefulset.name', 'k8s.daemonset.name'] as const
const namespaces = ['k8s.namespace.name', 'service.namespace'] as const

/** The Service a target is about when the resource is its; undefined: it is another's. */
export function serviceOf (target: SloTarget, attributes: Attributes): EntityRef | undefined {
  const { namespace, name } = partsOf(target.service)
  if (!names.some(key => attributes[key] === name)) return undefined
  const said = namespaces.map(key => attributes[key]).filter(value => typeof value === 'string' && value !== '') as string[]
  if (namespace !== '' && !said.includes(namespace)) return undefined
  const of = namespace === '' ? said[0] ?? '' : namespace
  return of === '' ? { kind: 'Service', name } : { kind: 'Service', namespace: of, name }
}
