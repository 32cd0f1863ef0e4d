/** Whether pods that lose their place find another: requests against what the remaining nodes have free. */
import { entityKey, type EntityRef } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { quantity } from '../kubernetes/changes/quantity.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { listAt, objectAt, textAt, valueAt } from '../topology/graph/plain.js'

/** CPU in cores, memory in bytes. */
export interface Amount { readonly cpu: number, readonly memory: number }

const nothing: Amount = { cpu: 0, memory: 0 }
/** Beyond this many nodes the first ones by name stand for all. */
const maxNodes = 2000

const requests = new WeakMap<KubeObject, Amount>()

/** What a pod asks for: the sum of its containers, or its largest init container (the scheduler's rule, sidecars aside). */
export function requestsOf (pod: KubeObject | undefined): Amount {
  if (pod === undefined) return nothing
  const known = requests.get(pod) ?? sumOf(pod)
  requests.set(pod, known)
  return known
}

function sumOf (pod: KubeObject): Amount {
  const asked = (container: unknown): Amount => ({ cpu: amount(container, 'cpu'), memory: amount(container, 'memory') })
  const running = listAt(pod, 'spec', 'containers').map(asked).reduce(plus, nothing)
  return listAt(pod, 'spec', 'initContainers').map(asked).reduce((a, b) => ({ cpu: Math.max(a.cpu, b.cpu), memory: Math.max(a.memory, b.memory) }), running)
}

/**
 * 0 to 1: how much of what `displaced` pods ask for finds no place on `nodes` that are not `without`: 0 when the rest has twice the
 * room, 1 when it has just enough or less. 0 when no node says what it has.
 */
export function shortage (displaced: readonly EntityRef[], without: ReadonlySet<string>, nodes: readonly EntityRef[], model: ClusterModel): number {
  const asked = displaced.map(pod => requestsOf(model.object(pod))).reduce(plus, nothing)
  if (asked.cpu === 0 && asked.memory === 0) return 0
  const objects = nodes.slice(0, maxNodes).map(node => [node, model.object(node)] as const)
  if (objects.every(([, object]) => Number.isNaN(allocatable(object, 'memory')))) return 0
  const used = usedOf(model)
  const free = objects.filter(([node, object]) => !without.has(entityKey(node)) && isSchedulable(object)).map(([node, object]) => freeOf(object, used.get(node.name) ?? nothing)).reduce(plus, nothing)
  return Math.max(lacking(asked.cpu, free.cpu), lacking(asked.memory, free.memory))
}

function lacking (asked: number, free: number): number { return asked === 0 ? 0 : free <= 0 ? 1 : Math.min(1, Math.max(0, 2 * asked / free - 1)) }

function freeOf (node: KubeObject | undefined, used: Amount): Amount {
  const free = (name: 'cpu' | 'memory'): number => { const has = allocatable(node, name); return Number.isNaN(has) ? 0 : Math.max(0, has - used[name]) }
  return { cpu: free('cpu'), memory: free('memory') }
}

const sums = new WeakMap<ClusterModel, { readonly version: number, readonly used: ReadonlyMap<string, Amount> }>()

/** By node name: what the pods that are there now ask for. Summed anew when an object has changed. */
function usedOf (model: ClusterModel): ReadonlyMap<string, Amount> {
  const known = sums.get(model)
  if (known?.version === model.version) return known.used
  const used = new Map<string, Amount>()
  for (const pod of model.objects('Pod')) {
    const [node, phase] = [textAt(pod, 'spec', 'nodeName'), textAt(pod, 'status', 'phase')]
    if (node !== '' && phase !== 'Succeeded' && phase !== 'Failed') used.set(node, plus(used.get(node) ?? nothing, requestsOf(pod)))
  }
  sums.set(model, { version: model.version, used })
  return used
}

function isSchedulable (node: KubeObject | undefined): boolean {
  const ready = listAt(node, 'status', 'conditions').find(c => textAt(c, 'type') === 'Ready')
  return node !== undefined && valueAt(node, 'spec', 'unschedulable') !== true && (ready === undefined || textAt(ready, 'status') === 'True')
}

function allocatable (node: KubeObject | undefined, name: string): number { return numberOf(valueAt(objectAt(node, 'status', 'allocatable'), name)) }

function amount (container: unknown, name: string): number {
  const asked = numberOf(valueAt(container, 'resources', 'requests', name))
  return Number.isNaN(asked) || asked < 0 ? 0 : asked
}

function numberOf (value: unknown): number { return typeof value === 'number' ? value : typeof value === 'string' && value.length < 64 ? quantity(value) : NaN }

function plus (a: Amount, b: Amount): Amount { return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory } }
