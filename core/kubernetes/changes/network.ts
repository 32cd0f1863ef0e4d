/** Services, their endpoints, ingresses and network policies. */
import type { Finding } from './change.js'
import { asText, plural, stable, valueChange } from './compare.js'
import type { Endpoint, EndpointSlice, Service, Specified } from './types.js'

/** Endpoints named in a sentence. */
const maxNamed = 5
const serviceLabel = 'kubernetes.io/service-name'

export function serviceFindings (before: Service | undefined, after: Service): Finding[] {
  if (before === undefined) return []
  const [was, is] = [before.spec, after.spec]
  return [
    ...valueChange('service_changed', 'ServiceTypeChanged', 'type', was?.type, is?.type),
    ...valueChange('service_changed', 'SelectorChanged', 'selector', was?.selector, is?.selector).map(f => ({ ...f, severity: 'medium' as const })),
    ...valueChange('service_changed', 'PortsChanged', 'ports', portsOf(before), portsOf(after)).map(f => ({ ...f, severity: 'medium' as const })),
    ...valueChange('service_changed', 'ClusterIPChanged', 'address', was?.clusterIP, is?.clusterIP),
    ...valueChange('service_changed', 'ExternalNameChanged', 'external name', was?.externalName, is?.externalName),
    ...balancer(before, after)
  ]
}

function portsOf ({ spec }: Service): string {
  return (spec?.ports ?? []).map(p => `${p.name === undefined ? '' : `${p.name} `}${p.protocol ?? 'TCP'} ${p.port ?? '?'}->${p.targetPort ?? p.port ?? '?'}${p.nodePort ? ` (node ${p.nodePort})` : ''}`).join(', ')
}

function balancer (before: Specified, after: Specified): Finding[] {
  const of = ({ status }: Specified): string => (status?.loadBalancer?.ingress ?? []).map(i => i.ip ?? i.hostname ?? '').join(', ')
  return valueChange('load_balancer_changed', 'LoadBalancerChanged', 'load balancer address', of(before), of(after))
}

/** Which endpoints of a slice became ready or stopped being it. A Service may have several slices: `ready` counts this one's. */
export function endpointFindings (before: EndpointSlice | undefined, after: EndpointSlice): Finding[] {
  const [was, is] = [readyOf(before), readyOf(after)]
  const lost = [...was.keys()].filter(key => !is.has(key))
  const gained = [...is.keys()].filter(key => !was.has(key))
  const about = { about: serviceOf(after), from: String(was.size), to: String(is.size) }
  const findings: Finding[] = []
  if (before !== undefined && lost.length > 0) {
    const none = is.size === 0
    findings.push({ change: none ? 'no_endpoints' : 'endpoints_lost', reason: none ? 'NoEndpoints' : 'EndpointsLost', message: `lost ${plural(lost.length, 'ready endpoint')} (${named(lost)}), ${is.size} left`, ...about })
  }
  if (before !== undefined && gained.length > 0) findings.push({ change: 'endpoints_gained', reason: 'EndpointsGained', message: `got ${plural(gained.length, 'ready endpoint')} (${named(gained)}), ${is.size} now`, ...about })
  if (before === undefined && is.size === 0 && (after.endpoints ?? []).length > 0) findings.push({ change: 'no_endpoints', reason: 'NoEndpoints', message: `none of ${plural((after.endpoints ?? []).length, 'endpoint')} is ready`, ...about })
  return findings
}

/** A slice that goes takes its endpoints along. */
export function removedEndpoints (before: EndpointSlice): Finding[] {
  const ready = [...readyOf(before).keys()]
  return ready.length === 0 ? [] : [{ change: 'endpoints_lost', reason: 'EndpointsLost', message: `lost ${plural(ready.length, 'ready endpoint')} (${named(ready)}) with its slice ${before.metadata?.name ?? ''}`, about: serviceOf(before), from: String(ready.length), to: '0' }]
}

function readyOf (slice: EndpointSlice | undefined): ReadonlyMap<string, Endpoint> {
  const ready = (slice?.endpoints ?? []).filter(e => e.conditions?.ready !== false)
  return new Map(ready.map(e => [`${e.targetRef?.name ?? ''} ${e.addresses?.[0] ?? ''}`.trim(), e]))
}

function named (keys: readonly string[]): string {
  return keys.length <= maxNamed ? keys.join(', ') : `${keys.slice(0, maxNamed).join(', ')} and ${keys.length - maxNamed} more`
}

function serviceOf ({ metadata = {} }: EndpointSlice): { readonly kind: 'Service', readonly name: string, readonly namespace?: string, readonly uid?: string } {
  const owner = metadata.ownerReferences?.find(o => o.kind === 'Service')
  const name = metadata.labels?.[serviceLabel] ?? owner?.name ?? metadata.name ?? ''
  return { kind: 'Service', name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), ...(owner?.uid === undefined ? {} : { uid: owner.uid }) }
}

export function ingressFindings (before: Specified | undefined, after: Specified): Finding[] {
  if (before === undefined) return []
  return [...specChange('ingress_changed', 'IngressChanged', before, after), ...balancer(before, after)]
}

export function policyFindings (before: Specified | undefined, after: Specified): Finding[] {
  return before === undefined ? [] : specChange('policy_changed', 'NetworkPolicyChanged', before, after)
}

export function limitRangeFindings (before: Specified | undefined, after: Specified): Finding[] {
  return before === undefined ? [] : specChange('policy_changed', 'LimitRangeChanged', before, after)
}

/** Part by part of the spec, so that a long one does not hide what changed. */
function specChange (change: string, reason: string, before: Specified, after: Specified): Finding[] {
  const [was, is] = [before.spec ?? {}, after.spec ?? {}] as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(key => stable(was[key]) !== stable(is[key])).flatMap(key => {
    const [from, to] = [asText(was[key]), asText(is[key])]
    // The cut ends of long texts may be all that differs.
    return from === to ? [{ change, reason, message: `${key} changed`, from, to }] : valueChange(change, reason, key, from, to)
  })
}
