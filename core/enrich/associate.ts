/** Finding the pod of a resource: the rules of `pod_association`. */
import type { Attributes } from '../data/attributes.js'
import { ipKey } from '../topology/keys.js'
import type { PodFacts } from '../topology/pod-facts.js'
import type { PodIndex } from '../topology/pod-index.js'
import type { Association, SourceName } from './vocabulary.js'

type Values = ReadonlyMap<SourceName, string>

export class Associations {
  /** Whether the batch's origin can matter. */
  readonly useConnection: boolean

  constructor (readonly rules: readonly Association[], readonly index: PodIndex) {
    this.useConnection = rules.some(r => r.sources.some(s => s.from === 'connection'))
  }

  /** The slot of the pod, or undefined. */
  find (attributes: Attributes, address: string): number | undefined {
    for (const rule of this.rules) {
      const values = valuesOf(rule, attributes, address)
      const slot = values === undefined ? undefined : this.#lookUp(values)
      if (slot !== undefined) return slot
    }
    return undefined
  }

  /** By what says most, and then all else must fit. */
  #lookUp (values: Values): number | undefined {
    const slot = this.#first(values)
    if (slot === undefined || values.size === 1) return slot
    const facts = this.index.facts(slot)
    for (const [name, value] of values) if (!fits(facts, name, value, this.index, slot)) return undefined
    return slot
  }

  #first (values: Values): number | undefined {
    const [uid, container, name] = [values.get('k8s.pod.uid'), values.get('container.id'), values.get('k8s.pod.name')]
    const ip = values.get('k8s.pod.ip') ?? values.get('ip')
    if (uid !== undefined) return this.index.byUid(uid)
    if (container !== undefined) return this.index.byContainer(container)?.slot
    if (ip !== undefined) return this.index.byIp(ip)
    return name === undefined ? undefined : this.index.byName(values.get('k8s.namespace.name') ?? '', name)
  }
}

/** Undefined when one of the sources says nothing. */
function valuesOf (rule: Association, attributes: Attributes, address: string): Values | undefined {
  const values = new Map<SourceName, string>()
  for (const { from, name } of rule.sources) {
    const key = from === 'connection' ? 'ip' : name ?? 'ip'
    const value = from === 'connection' ? address : attributes[key]
    if (typeof value !== 'string' || value === '') return undefined
    values.set(key, value)
  }
  return values
}

function fits (facts: PodFacts, name: SourceName, value: string, index: PodIndex, slot: number): boolean {
  switch (name) {
    case 'k8s.pod.uid': return facts.uid === value
    case 'k8s.pod.name': return facts.name === value
    case 'k8s.namespace.name': return facts.namespace === value
    case 'k8s.node.name': return facts.node === value
    case 'container.id': return index.byContainer(value)?.slot === slot
    case 'k8s.pod.ip': case 'ip': {
      const key = ipKey(value)
      return key !== undefined && facts.ips.some(ip => Buffer.compare(ipKey(ip) ?? new Uint8Array(), key) === 0)
    }
  }
}
