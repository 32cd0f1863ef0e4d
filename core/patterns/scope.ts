/** One subject in a world: what symptoms are within its reach, and the variables that expressions about it have. */
import type { EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { EdgeKind } from '../topology/graph/edge-kinds.js'
import { textAt } from '../topology/graph/plain.js'
import type { NodeRef } from '../topology/graph/view.js'
import { keyOf, refOf, templateOf, workloadKinds, type Thing, type World } from './world.js'

/** Where a symptom is looked for, seen from the subject. */
export const reaches = {
  own: 'the subject and what it is made of: a workload\'s ReplicaSets, Jobs and pods; a node\'s units and processes; a Service\'s own (default)',
  self: 'the subject alone',
  pods: 'its pods: `podsOf`',
  node: 'the nodes its pods run on, with the units, processes and interfaces there',
  nodes: 'all nodes, with the units, processes and interfaces there',
  services: 'Services that select its pods',
  owner: 'its owners',
  workload: 'the workload of a pod, with all of its pods',
  callers: 'what calls it, or its Services, with the pods of that',
  callees: 'what it, its workload or its pods call, with the pods of that',
  namespace: 'everything in its namespace, and the namespace',
  any: 'everything'
} as const
export type ReachName = keyof typeof reaches

/** `related:<edge>` in both directions. */
export type Reach = ReachName | `related:${EdgeKind}`

export class Scope {
  readonly ref: NodeRef
  readonly key: string
  readonly subject: Thing
  /** Whether the object is stored. */
  readonly isKnown: boolean
  readonly context: ScopeContext
  readonly #reached = new Map<string, readonly Symptom[]>()

  constructor (readonly world: World, ref: NodeRef) {
    this.ref = ref
    this.key = keyOf(ref)
    const object = world.object(ref)
    this.isKnown = object !== undefined
    this.subject = object ?? world.thing(ref)
    this.context = new ScopeContext(this)
  }

  get namespace (): string { return this.ref.kind === 'Namespace' ? this.ref.name : this.ref.namespace ?? '' }

  /** Symptoms within reach, each once, in no order that matters. */
  reach (name: Reach): readonly Symptom[] {
    const known = this.#reached.get(name)
    if (known !== undefined) return known
    const found = [...new Set(this.#find(name))]
    this.#reached.set(name, found)
    return found
  }

  * #find (name: Reach): Generator<Symptom> {
    const { world, ref } = this
    switch (name) {
      case 'self': yield * world.about(ref); return
      case 'own': yield * this.#own(ref); return
      case 'pods': yield * this.#aboutAll(world.pods(ref)); return
      case 'node': for (const node of world.nodesOf(ref)) yield * world.index.byNode.get(node) ?? []; return
      case 'nodes': for (const symptoms of world.index.byNode.values()) yield * symptoms; return
      case 'services': yield * this.#aboutAll(world.services(ref)); return
      case 'owner': yield * this.#aboutAll(world.owners(this.subject)); return
      case 'workload': yield * this.#own(refOf(world.workload(this.subject))); return
      case 'callers': yield * this.#aboutParties('in'); return
      case 'callees': yield * this.#aboutParties('out'); return
      case 'namespace': yield * world.index.byNamespace.get(this.namespace) ?? []; return
      case 'any': yield * world.scene.symptoms.all(); return
      default: yield * this.#aboutRefs(world.neighbours(ref, name.slice('related:'.length) as EdgeKind, 'both'))
    }
  }

  * #own (ref: NodeRef): Generator<Symptom> {
    yield * this.world.about(ref)
    if (ref.kind === 'Node') { yield * this.world.index.byNode.get(ref.name) ?? []; return }
    yield * this.#aboutAll(this.world.makers(ref))
    if (workloadKinds.includes(ref.kind)) yield * this.#aboutAll(this.world.pods(ref))
  }

  * #aboutAll (things: readonly Thing[]): Generator<Symptom> { for (const thing of things) yield * this.world.about(refOf(thing)) }
  * #aboutRefs (refs: Iterable<NodeRef>): Generator<Symptom> { for (const ref of refs) yield * this.world.about(ref) }

  /** A call is made to a Service, and its pods say what is wrong. */
  * #aboutParties (direction: 'in' | 'out'): Generator<Symptom> {
    for (const party of this.#calls(direction)) {
      yield * this.world.about(party)
      if (party.kind === 'Service' || workloadKinds.includes(party.kind)) yield * this.#aboutAll(this.world.pods(party))
    }
  }

  /** Calls are seen between pods, workloads or Services, as the telemetry has it. */
  * #calls (direction: 'in' | 'out'): Generator<EntityRef> {
    const { dependencies } = this.world.scene
    if (dependencies === undefined) return
    const own = [this.ref, refOf(this.world.workload(this.subject)), ...this.world.pods(this.ref).map(refOf), ...this.world.services(this.ref).map(refOf)]
    const seen = new Set<string>()
    for (const ref of own) {
      if (seen.has(keyOf(ref))) continue
      seen.add(keyOf(ref))
      for (const call of direction === 'in' ? dependencies.callers(ref) : dependencies.callees(ref)) yield direction === 'in' ? call.caller : call.callee
    }
  }
}

/** Variables with what they hold, for the README. Values are computed when an expression asks. */
export const variables = {
  subject: 'what the pattern is asked about, as it is stored; `{kind, metadata}` when it is not',
  stored: 'whether it is stored',
  template: 'the pod template of a workload, a Pod itself, else null',
  pods: 'its pods, as `podsOf(subject)`',
  node: 'the node of a Pod, a Node itself, else null',
  nodes: 'all nodes of the cluster',
  podNodes: 'the nodes its pods run on',
  services: 'Services that select its pods',
  owner: 'what owns it, or null',
  workload: 'the owner of its owners, itself when there is none',
  ns: 'the Namespace it is in, or null',
  now: 'the time of the question, milliseconds since the epoch'
} as const

export class ScopeContext {
  constructor (readonly scope: Scope) {}

  get subject (): Thing { return this.scope.subject }
  get stored (): boolean { return this.scope.isKnown }
  get template (): Thing | null { return templateOf(this.scope.subject) ?? null }
  get pods (): readonly Thing[] { return this.scope.world.pods(this.scope.ref) }
  get services (): readonly Thing[] { return this.scope.world.services(this.scope.ref) }
  get nodes (): readonly Thing[] { return this.scope.world.all('Node') }
  get owner (): Thing | null { return this.scope.world.owner(this.scope.subject) ?? null }
  get workload (): Thing { return this.scope.world.workload(this.scope.subject) }
  get now (): number { return this.scope.world.nowMs }

  get podNodes (): readonly Thing[] {
    const { world, ref } = this.scope
    return world.nodesOf(ref).map(name => world.object({ kind: 'Node', name })).filter(o => o !== undefined)
  }

  get node (): Thing | null {
    const { ref, subject, world } = this.scope
    if (ref.kind === 'Node') return subject
    const name = ref.kind === 'Pod' ? textAt(subject, 'spec', 'nodeName') : ''
    return name === '' ? null : world.object({ kind: 'Node', name }) ?? null
  }

  get ns (): Thing | null { return this.scope.namespace === '' ? null : this.scope.world.object({ kind: 'Namespace', name: this.scope.namespace }) ?? null }
}
