/** Services: what they select, where their ports lead, who answers. */
import { listAt, textAt, valueAt } from '../../topology/graph/plain.js'
import { world } from '../current.js'
import { refOf } from '../world.js'
import { containerPorts } from './containers.js'
import { define, text, type PatternFunctions } from './define.js'

export const serviceFunctions: PatternFunctions = {
  serviceTargets: define('service', '`{name, port, targetPort, numbers, pods, reached, protocol}` a port: container ports it leads to, pods selected, and pods that declare such a port', serviceTargets),
  endpoints: define('service', '`{known, ready, notReady}`: addresses in its EndpointSlices or Endpoints; `known` false when none is stored', endpoints),
  serviceOf: define('host, namespace', 'the Service a host name means to a pod in that namespace (`db`, `db.shop`, `db.shop.svc.cluster.local`), null when there is none', (host, namespace) => serviceNamed(text(host), text(namespace), true)),
  serviceRef: define('host, namespace', 'the `{kind, namespace, name}` that such a host name would be, null for names outside of the cluster', (host, namespace) => serviceNamed(text(host), text(namespace), false)),
  networkPolicies: define('pod', 'NetworkPolicies that select the pod', pod => world().related(refOf(pod), 'network_policy', 'in'))
}

function serviceTargets (service: unknown): unknown[] {
  const pods = world().pods(refOf(service))
  return listAt(service, 'spec', 'ports').map(p => {
    const port = Number(valueAt(p, 'port')) || 0
    const target = valueAt(p, 'targetPort') ?? port
    const protocol = textAt(p, 'protocol') || 'TCP'
    const hits = pods.map(pod => containerPorts(pod).filter(c => c.protocol === protocol && (typeof target === 'string' ? c.name === target : c.port === Number(target))))
    const numbers = typeof target === 'string' ? [...new Set(hits.flat().map(c => c.port))] : [Number(target)]
    return { name: textAt(p, 'name'), port, protocol, targetPort: target, numbers, pods: pods.length, reached: hits.filter(h => h.length > 0).length }
  })
}

function endpoints (service: unknown): { readonly known: boolean, readonly ready: number, readonly notReady: number } {
  const ref = refOf(service)
  return world().memo(`endpoints ${ref.namespace ?? ''}/${ref.name}`, () => {
    const slices = world().related(ref, 'endpoints_of', 'in')
    let [ready, notReady] = [0, 0]
    // The same addresses stand in both.
    const hasSlices = slices.some(s => refOf(s).kind === 'EndpointSlice')
    for (const slice of slices) {
      if (refOf(slice).kind === 'EndpointSlice') {
        for (const e of listAt(slice, 'endpoints')) {
          const addresses = Math.max(1, listAt(e, 'addresses').length)
          if (valueAt(e, 'conditions', 'ready') === false) notReady += addresses
          else ready += addresses
        }
      } else if (!hasSlices) {
        for (const subset of listAt(slice, 'subsets')) {
          ready += listAt(subset, 'addresses').length
          notReady += listAt(subset, 'notReadyAddresses').length
        }
      }
    }
    return { known: slices.length > 0, ready, notReady }
  })
}

function serviceNamed (host: string, own: string, mustExist: boolean): unknown {
  const parts = host.toLowerCase().replace(/\.$/, '').split('.')
  const svc = parts.indexOf('svc', 1)
  const known = svc < 0 ? parts : parts.slice(0, svc)
  if (!known.every(p => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(p)) || known.length > 3 || known.length === 0) return null
  if (parts.every(p => /^\d+$/.test(p)) || (known.length === 1 && known[0] === 'localhost')) return null
  const candidates = known.length === 1 ? [{ namespace: own, name: known[0] as string }]
    : known.length === 2 ? [{ namespace: known[1] as string, name: known[0] as string }]
      : svc < 0 ? [] : [{ namespace: known[2] as string, name: known[1] as string }]
  for (const at of candidates) {
    const found = world().object({ kind: 'Service', ...at })
    if (found !== undefined) return mustExist ? found : { kind: 'Service', ...at }
  }
  const [first] = candidates
  if (mustExist || first === undefined) return null
  // `db.example` may be outside; `db.shop` is ours only when there is such a namespace.
  const isOurs = known.length === 1 || svc >= 0 || world().object({ kind: 'Namespace', name: first.namespace }) !== undefined || world().inNamespace('Service', first.namespace).length > 0
  return isOurs ? { kind: 'Service', ...first } : null
}

