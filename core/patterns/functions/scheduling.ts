/** What the scheduler asks of a node, as https://kubernetes.io/docs/concepts/scheduling-eviction/ says it. `x` is a pod, a template or a workload. */
import { listAt, objectAt, textAt, valueAt, type Plain } from '../../topology/graph/plain.js'
import { world } from '../current.js'
import { meter } from '../meter.js'
import { containersOf, keyOf, podSpec, refOf, type Thing } from '../world.js'
import { define, number, text, type PatternFunctions } from './define.js'
import { labelsMatch, matchesLabels } from './objects.js'
import { quantity, round } from './quantity.js'

export const schedulingFunctions: PatternFunctions = {
  tolerates: define('x, node', 'whether it tolerates all taints of the node that keep pods away (NoSchedule, NoExecute)', (x, node) => untolerated(x, node).length === 0),
  untolerated: define('x, node', 'taints of the node that it does not tolerate', untolerated),
  nodeSelectorMatches: define('x, node', 'whether the node has the labels of its `nodeSelector`', (x, node) => matchesLabels(labelsOf(node), podSpec(x).nodeSelector)),
  affinityMatches: define('x, node', 'whether the node fits its required node affinity', nodeAffinity),
  antiAffinityBlocks: define('x, node', 'whether its required pod anti-affinity keeps it off the node because of pods in that topology domain', (x, node) => antiAffinity(x, node).length > 0),
  antiAffinityPods: define('x, node', 'the pods that do so', antiAffinity),
  affinityUnmet: define('x, node', 'whether its required pod affinity finds no pod in the node\'s topology domain', affinityUnmet),
  requests: define('x, resource', 'what its containers ask for together: cores, bytes', (x, resource) => effective(x, text(resource), 'requests')),
  limits: define('x, resource', 'what its containers are limited to together; NaN when one has no limit', (x, resource) => effective(x, text(resource), 'limits')),
  allocatable: define('node, resource', 'what pods may use of it', (node, resource) => allocatable(node, text(resource))),
  free: define('node, resource', 'allocatable - requests of its pods that are not over', (node, resource) => free(node, text(resource))),
  fits: define('x, node', 'whether requests of cpu, memory, pods and other resources fit what is free', (x, node) => lacking(x, node).length === 0),
  lacking: define('x, node', 'resources of which the node has too little free', lacking),
  schedulable: define('x, node', 'whether all of this allows it: labels, affinity, taints, cordon, resources', schedulable),
  workersFor: define('x', 'nodes that are meant for it: all but control planes that keep pods away by a taint or cordon; all nodes when nothing else is there', workersFor),
  nodeReady: define('node', 'whether its Ready condition is True', node => listAt(node, 'status', 'conditions').some(c => valueAt(c, 'type') === 'Ready' && valueAt(c, 'status') === 'True'))
}

export function untolerated (x: unknown, node: unknown): unknown[] {
  const tolerations = listAt(podSpec(x), 'tolerations')
  return listAt(node, 'spec', 'taints').filter(taint => valueAt(taint, 'effect') !== 'PreferNoSchedule' && !tolerations.some(t => tolerated(t, taint)))
}

function tolerated (toleration: unknown, taint: unknown): boolean {
  const [key, effect] = [textAt(toleration, 'key'), textAt(toleration, 'effect')]
  const operator = textAt(toleration, 'operator') || 'Equal'
  if (effect !== '' && effect !== textAt(taint, 'effect')) return false
  if (key === '') return operator === 'Exists'
  return key === textAt(taint, 'key') && (operator === 'Exists' || textAt(toleration, 'value') === textAt(taint, 'value'))
}

/** kubelets label their node with its name; objects of a dump may come without it. */
function labelsOf (node: unknown): Plain { return { 'kubernetes.io/hostname': textAt(node, 'metadata', 'name'), ...objectAt(node, 'metadata', 'labels') } }

function nodeAffinity (x: unknown, node: unknown): boolean {
  const required = valueAt(podSpec(x), 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')
  if (required === undefined || required === null) return true
  const labels = labelsOf(node)
  const name = { 'metadata.name': textAt(node, 'metadata', 'name') }
  return listAt(required, 'nodeSelectorTerms').some(term => {
    const [expressions, fields] = [listAt(term, 'matchExpressions'), listAt(term, 'matchFields')]
    // An empty term takes no node.
    return expressions.length + fields.length > 0 && expressions.every(e => requirement(e, labels)) && fields.every(f => requirement(f, name))
  })
}

function requirement (e: unknown, labels: Plain): boolean {
  const key = textAt(e, 'key')
  const value = Object.hasOwn(labels, key) ? text(labels[key]) : undefined
  const values = listAt(e, 'values').map(text)
  switch (textAt(e, 'operator')) {
    case 'In': return value !== undefined && values.includes(value)
    case 'NotIn': return value === undefined || !values.includes(value)
    case 'Exists': return value !== undefined
    case 'DoesNotExist': return value === undefined
    case 'Gt': return Number(value) > Number(values[0])
    case 'Lt': return Number(value) < Number(values[0])
    default: return false
  }
}

/** Pods on nodes whose label `topologyKey` is that of `node`. */
function podsInDomain (node: unknown, topologyKey: string): readonly Thing[] {
  const domain = objectAt(node, 'metadata', 'labels')[topologyKey] ?? (topologyKey === 'kubernetes.io/hostname' ? textAt(node, 'metadata', 'name') : undefined)
  if (typeof domain !== 'string') return []
  return world().memo(`domain ${topologyKey}=${domain}`, () => world().all('Node')
    .filter(n => (objectAt(n, 'metadata', 'labels')[topologyKey] ?? (topologyKey === 'kubernetes.io/hostname' ? textAt(n, 'metadata', 'name') : undefined)) === domain)
    .flatMap(n => world().pods(refOf(n)).filter(isRunning)))
}

function termPods (x: unknown, term: unknown, node: unknown): Thing[] {
  const own = subjectNamespace(x)
  const namespaces = listAt(term, 'namespaces').map(text)
  const pods = podsInDomain(node, textAt(term, 'topologyKey'))
  meter.spend(Math.ceil(pods.length / 20))
  const anywhere = valueAt(term, 'namespaceSelector') !== undefined
  return pods.filter(pod => {
    const namespace = textAt(pod, 'metadata', 'namespace')
    const isThere = anywhere || (namespaces.length > 0 ? namespaces.includes(namespace) : own === '' || namespace === own)
    return isThere && keyOf(refOf(pod)) !== keyOf(refOf(x)) && labelsMatch(objectAt(pod, 'metadata', 'labels'), valueAt(term, 'labelSelector'))
  })
}

/** A template says no namespace: it is that of what is asked about. */
const subjectNamespace = (x: unknown): string => refOf(x).namespace || world().askedNamespace

function antiAffinity (x: unknown, node: unknown): Thing[] {
  return listAt(podSpec(x), 'affinity', 'podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution').flatMap(term => termPods(x, term, node))
}

function affinityUnmet (x: unknown, node: unknown): boolean {
  return listAt(podSpec(x), 'affinity', 'podAffinity', 'requiredDuringSchedulingIgnoredDuringExecution').some(term => termPods(x, term, node).length === 0)
}

const isRunning = (pod: unknown): boolean => !['Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'))

/** The larger of all containers together and any init container, and the overhead; a sidecar (an init container that is restarted) counts with all. */
export function effective (x: unknown, resource: string, of: 'requests' | 'limits'): number {
  const spec = podSpec(x)
  const amount = (container: unknown): number => {
    const own = quantity(objectAt(container, 'resources', of)[resource])
    if (!Number.isNaN(own) || of === 'limits') return own
    // A limit without a request is one.
    const limit = quantity(objectAt(container, 'resources', 'limits')[resource])
    return Number.isNaN(limit) ? 0 : limit
  }
  const isSidecar = (c: unknown): boolean => textAt(c, 'restartPolicy') === 'Always'
  const inits = listAt(spec, 'initContainers')
  const sum = [...listAt(spec, 'containers'), ...inits.filter(isSidecar)].reduce((total: number, c) => total + amount(c), 0)
  const largest = inits.filter(c => !isSidecar(c)).reduce((most: number, c) => Math.max(most, amount(c)), 0)
  const overhead = quantity(objectAt(spec, 'overhead')[resource])
  return round(Math.max(sum, largest) + (Number.isNaN(overhead) ? 0 : overhead))
}

function allocatable (node: unknown, resource: string): number {
  const amount = quantity(objectAt(node, 'status', 'allocatable')[resource])
  return Number.isNaN(amount) ? quantity(objectAt(node, 'status', 'capacity')[resource]) : amount
}

export function free (node: unknown, resource: string): number {
  const ref = refOf(node)
  return world().memo(`free ${resource} ${ref.name}`, () => {
    const pods = world().pods(ref).filter(isRunning)
    const used = resource === 'pods' ? pods.length : pods.reduce((total, pod) => total + effective(pod, resource, 'requests'), 0)
    return round(allocatable(node, resource) - used)
  })
}

function lacking (x: unknown, node: unknown): string[] {
  const wanted = new Set(['cpu', 'memory', ...containersOf(x).flatMap(c => Object.keys(objectAt(c, 'resources', 'requests')))])
  const short = [...wanted].filter(resource => {
    const [need, left] = [effective(x, resource, 'requests'), free(node, resource)]
    return need > 0 && !(need <= (Number.isNaN(left) ? (resource === 'cpu' || resource === 'memory' || resource === 'ephemeral-storage' ? Infinity : 0) : left))
  })
  return number(free(node, 'pods')) < 1 ? [...short, 'pods'] : short
}

function schedulable (x: unknown, node: unknown): boolean {
  return valueAt(node, 'spec', 'unschedulable') !== true && matchesLabels(node, podSpec(x).nodeSelector) && nodeAffinity(x, node) &&
    untolerated(x, node).length === 0 && antiAffinity(x, node).length === 0 && lacking(x, node).length === 0
}

const controlPlaneLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

function isControlPlane (node: unknown): boolean {
  const labels = objectAt(node, 'metadata', 'labels')
  return controlPlaneLabels.some(label => Object.hasOwn(labels, label)) || labels['kubernetes.io/role'] === 'master' ||
    listAt(node, 'spec', 'taints').some(t => controlPlaneLabels.includes(textAt(t, 'key')))
}

/** A control plane that is kept free is so on purpose: it is never the reason why a pod finds no node. */
function workersFor (x: unknown): readonly Thing[] {
  const nodes = world().all('Node')
  const workers = nodes.filter(n => !(isControlPlane(n) && (valueAt(n, 'spec', 'unschedulable') === true || untolerated(x, n).length > 0)))
  return workers.length > 0 ? workers : nodes
}
