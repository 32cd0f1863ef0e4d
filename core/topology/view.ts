/**
 * A part of the cluster's graph for people: what surrounds an entity, or an overview. What is not shown (pods and ReplicaSets in an
 * overview) is folded into the nearest owner that is: a Service then selects a Deployment, which runs on nodes.
 *
 * The same graph gives the same answer. Work is bounded, as it is done in a pipeline's thread.
 */
import { entityKey, entityText, type EntityKey, type EntityRef } from '../correlation/entity.js'
import type { TopologyAnswer, TopologyQuestion } from '../component/questions.js'
import type { ClusterGraph } from './graph/cluster-graph.js'
import type { GraphEdge, GraphNode, GraphView } from './graph/view.js'

/** What an overview shows unless the question says. */
const overviewKinds: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Service', 'Ingress', 'Node', 'PersistentVolumeClaim']

/** Nodes whose edges are looked through for one answer: about 0.1 s. */
export const maxVisited = 20_000
/** An owner's owner's owner … : longer chains, and circles, end here. */
const maxOwners = 6

interface Picked { readonly nodes: readonly GraphNode[], readonly omitted: number, readonly notes: readonly string[] }

/** Of `limit` nodes at most; in an overview whole namespaces, else the nearest ones. */
export function viewTopology (graph: ClusterGraph, question: TopologyQuestion, visits = maxVisited): TopologyAnswer {
  const view = graph.atMs(question.atMs ?? graph.nowMs)
  const walk = new Walk(view, visits)
  const picked = question.entity === undefined ? overview(view, question) : surroundings(view, walk, question.entity, question)
  const nodes = [...picked.nodes].sort(byKind)
  const edges = walk.edgesBetween(nodes, question.entity === undefined ? inside(view, question.namespace) : walk.seen.values())
  return {
    nodes: nodes.map(node => ({ entity: refOf(node), exists: node.exists })),
    edges, omitted: picked.omitted, notes: [...picked.notes, ...walk.notes, ...notesOf(graph, view, question)]
  }
}

function overview (view: GraphView, { kinds, namespace, limit }: TopologyQuestion): Picked {
  const wanted = new Set(kinds.length > 0 ? kinds : overviewKinds)
  const all = [...view.nodes({ kinds: wanted })].filter(n => isIn(n, namespace)).sort(byNamespace)
  return { nodes: all.slice(0, limit), omitted: Math.max(0, all.length - limit), notes: [] }
}

function * inside (view: GraphView, namespace: string | undefined): Generator<GraphNode> {
  for (const node of view.nodes()) if (isIn(node, namespace)) yield node
}

function surroundings (view: GraphView, walk: Walk, entity: EntityRef, { depth, kinds, namespace, limit }: TopologyQuestion): Picked {
  const found = find(view, entity)
  const [start] = found
  if (start === undefined) return { nodes: [], omitted: 0, notes: [`${entityText(entity)} is not known at this time`] }
  const fits = (n: GraphNode): boolean => (kinds.length === 0 || kinds.includes(n.kind)) && isIn(n, namespace)
  const nodes = [start, ...walk.around(start, Math.max(1, depth)).filter(fits)]
  const others = found.length === 1 ? [] : [`${found.length - 1} more of this name: give kind and namespace; this is ${entityText(refOf(start))}`]
  return { nodes: nodes.slice(0, limit), omitted: Math.max(0, nodes.length - limit), notes: others }
}

/** The one that is meant first. Kind and namespace may be left out, kinds are compared without case. */
function find (view: GraphView, entity: EntityRef): GraphNode[] {
  const exact = (entity.uid === undefined || entity.uid === '' ? undefined : view.byUid(entity.uid)) ?? view.node(entity)
  if (exact !== undefined) return [exact]
  const kind = entity.kind.toLowerCase()
  const isIt = (n: GraphNode): boolean => n.name === entity.name && (kind === '' || n.kind.toLowerCase() === kind) && ((entity.namespace ?? '') === '' || n.namespace === entity.namespace)
  return [...view.nodes()].filter(isIt).sort(byKind)
}

/** Steps through a view, counted. */
class Walk {
  /** By key, in the order of discovery. */
  readonly seen = new Map<EntityKey, GraphNode>()
  readonly #owners = new Map<EntityKey, EntityKey | undefined>()
  #visits: number
  #wasCut = false

  constructor (readonly view: GraphView, visits: number) { this.#visits = visits }

  get notes (): string[] { return this.#wasCut ? ['the graph is too large to be looked through for one answer: relations are missing; ask for a namespace or an entity'] : [] }

  /** What is within `depth` steps of `start`, nearest first; equally near ones by namespace, kind and name. */
  around (start: GraphNode, depth: number): GraphNode[] {
    const found: GraphNode[] = []
    this.seen.set(entityKey(start), start)
    let rim: readonly GraphNode[] = [start]
    for (let step = 0; step < depth && rim.length > 0; step++) {
      const next = new Map<EntityKey, GraphNode>()
      for (const node of rim) for (const other of this.#mayVisit() ? this.view.neighbours(node) : []) if (!this.seen.has(entityKey(other))) next.set(entityKey(other), other)
      rim = [...next.values()].sort(byNamespace)
      for (const node of rim) this.seen.set(entityKey(node), node)
      found.push(...rim)
    }
    return found
  }

  /** The edges of `among` as positions in `shown`; each once, in the order of the nodes. */
  edgesBetween (shown: readonly GraphNode[], among: Iterable<GraphNode>): TopologyAnswer['edges'] {
    const places = new Map(shown.map((node, i) => [entityKey(node), i]))
    const edges = new Map<string, TopologyAnswer['edges'][number]>()
    for (const node of among) {
      if (!this.#mayVisit()) break
      const from = this.#placeOf(node, places)
      if (from === undefined) continue
      for (const edge of this.view.edgesOf(node, { direction: 'out' })) this.#add(edges, edge, from, this.#placeOf(edge.to, places))
    }
    return [...edges.values()].sort((a, b) => a.from - b.from || a.to - b.to || compare(a.kind, b.kind))
  }

  #add (edges: Map<string, TopologyAnswer['edges'][number]>, { kind }: GraphEdge, from: number, to: number | undefined): void {
    if (to !== undefined && to !== from) edges.set(`${from} ${to} ${kind}`, { from, to, kind })
  }

  /** Where a node stands, or the nearest of its owners that is shown. */
  #placeOf (node: GraphNode, places: ReadonlyMap<EntityKey, number>, chain = 0): number | undefined {
    const own = entityKey(node)
    const place = places.get(own)
    // Around an entity, what is further away than asked for has no place.
    const isOutside = this.seen.size > 0 && !this.seen.has(own)
    if (place !== undefined || isOutside || chain > maxOwners) return place
    if (!this.#owners.has(own)) this.#owners.set(own, this.#ownerOf(node, places, chain))
    return places.get(this.#owners.get(own) ?? '')
  }

  #ownerOf (node: GraphNode, places: ReadonlyMap<EntityKey, number>, chain: number): EntityKey | undefined {
    for (const owner of this.view.neighbours(node, { kinds: ['owner'], direction: 'out' }).sort(byKind)) {
      const place = this.#placeOf(owner, places, chain + 1)
      if (place !== undefined) return places.has(entityKey(owner)) ? entityKey(owner) : this.#owners.get(entityKey(owner))
    }
    return undefined
  }

  #mayVisit (): boolean {
    if (this.#visits-- > 0) return true
    this.#wasCut = true
    return false
  }
}

function notesOf (graph: ClusterGraph, view: GraphView, { atMs }: TopologyQuestion): string[] {
  const notes: string[] = []
  const { refused: { objects, edges }, ignored } = graph.counts
  if (graph.size.objects === 0 && graph.size.endedObjects === 0) notes.push('no objects of a cluster are known: a kubernetes or snapshot receiver with `objects: all` brings them')
  else if (atMs !== undefined && atMs > graph.nowMs) notes.push(`the newest change known is of ${timeText(graph.nowMs)}`)
  if (!view.complete) notes.push(`what was over before ${timeText(graph.completeSinceMs)} is forgotten: some of it may be missing here`)
  if (objects > 0 || edges > 0) notes.push(`${objects} objects and ${edges} relations were not taken in: the graph is full`)
  if (ignored.references > 0) notes.push(`${ignored.references} references of objects with too many were not taken in`)
  return notes
}

const timeText = (ms: number): string => Number.isFinite(ms) ? new Date(ms).toISOString() : 'no time'

function isIn (node: GraphNode, namespace: string | undefined): boolean {
  return namespace === undefined || namespace === '' || node.namespace === '' || node.namespace === namespace
}

function refOf ({ kind, namespace, name, uid }: GraphNode): EntityRef {
  return { kind, name, ...(namespace === '' ? {} : { namespace }), ...(uid === '' ? {} : { uid }) }
}

/** By code units: the same on every machine. */
const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
const byKind = (a: GraphNode, b: GraphNode): number => compare(a.kind, b.kind) || compare(a.namespace, b.namespace) || compare(a.name, b.name)
const byNamespace = (a: GraphNode, b: GraphNode): number => compare(a.namespace, b.namespace) || compare(a.kind, b.kind) || compare(a.name, b.name)
