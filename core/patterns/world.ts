/**
 * A scene as expressions see it: objects as they are stored, what joins them, and answers that cost something kept for as long as
 * the scene stands still (one `evaluate`). Shapes of objects are checked by nobody: a wrong one reads like a missing one.
 */
import type { EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { KubeObject } from '../kubernetes/objects.js'
import type { EdgeKind } from '../topology/graph/edge-kinds.js'
import { clusterScoped } from '../topology/graph/declaration.js'
import { listAt, objectAt, textAt, textsAt, valueAt, type Plain } from '../topology/graph/plain.js'
import type { Direction, GraphView, NodeRef } from '../topology/graph/view.js'
import { controllerOf, grandOwner } from '../topology/workload.js'
import type { Scene } from './scene.js'
import { symptomIndex, type SymptomIndex } from './symptom-index.js'

/** A Kubernetes object, or what stands for one that is not stored: `{kind, metadata: {namespace, name}}`. */
export type Thing = Plain

/** Owners of pods; a ReplicaSet or Job that has an owner itself is a step on the way. */
export const workloadKinds: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob']
const makersKinds: ReadonlySet<string> = new Set(['ReplicaSet', 'Job', 'ReplicationController'])

/** Beyond these an answer is cut: a pattern needs a sample, not a cluster. */
const maxListed = 20_000
const maxOwners = 8

const viewsByObject = new WeakMap<object, Thing>()
const kindsByThing = new WeakMap<object, string>()

/** The object with its kind, which items of lists come without. */
export function thingOf (kind: string, object: KubeObject): Thing {
  const known = viewsByObject.get(object)
  if (known !== undefined) return known
  const thing = (object.kind === undefined ? { kind, ...object } : object) as Thing
  viewsByObject.set(object, thing)
  kindsByThing.set(thing, kind)
  return thing
}

export function refOf (thing: unknown): NodeRef {
  const known = typeof thing === 'object' && thing !== null ? kindsByThing.get(thing) : undefined
  const kind = known ?? textAt(thing, 'kind')
  // A reference in an object, or the entity of a symptom, has no metadata.
  const at = valueAt(thing, 'metadata') === undefined ? thing : objectAt(thing, 'metadata')
  return { kind, namespace: clusterScoped.has(kind) ? '' : textAt(at, 'namespace'), name: textAt(at, 'name') }
}

export const keyOf = ({ kind, namespace = '', name }: NodeRef): string => `${kind}/${namespace}/${name}`

export class World {
  readonly #memo = new Map<string, unknown>()
  readonly #view: GraphView
  /** Namespace of the subject that is asked about. */
  askedNamespace = ''

  constructor (readonly scene: Scene) {
    // The newest state, as of the objects: a snapshot's objects are seen after its events happened.
    this.#view = scene.model.graph.atMs(Number.MAX_VALUE)
  }

  get nowMs (): number { return this.scene.nowMs }
  get index (): SymptomIndex { return symptomIndex(this.scene.symptoms) }

  memo<T> (key: string, make: () => T): T {
    if (!this.#memo.has(key)) this.#memo.set(key, make())
    return this.#memo.get(key) as T
  }

  object (ref: NodeRef): Thing | undefined {
    const found = this.scene.model.object(ref)
    return found === undefined ? undefined : thingOf(ref.kind, found)
  }

  /** The object, or what stands for it. */
  thing (ref: NodeRef): Thing {
    return this.object(ref) ?? { kind: ref.kind, metadata: ref.namespace === undefined || ref.namespace === '' ? { name: ref.name } : { namespace: ref.namespace, name: ref.name } }
  }

  all (kind: string): readonly Thing[] {
    return this.memo(`all ${kind}`, () => {
      const found: Thing[] = []
      for (const object of this.scene.model.objects(kind)) if (found.push(thingOf(kind, object)) >= maxListed) break
      return found
    })
  }

  inNamespace (kind: string, namespace: string): readonly Thing[] {
    const byNamespace = this.memo(`by namespace ${kind}`, () => {
      const groups = new Map<string, Thing[]>()
      for (const thing of this.all(kind)) {
        const of = textAt(thing, 'metadata', 'namespace')
        const known = groups.get(of)
        if (known === undefined) groups.set(of, [thing])
        else known.push(thing)
      }
      return groups
    })
    return byNamespace.get(namespace) ?? []
  }

  /** What is at the other end of edges, stored or not, by name. */
  neighbours (ref: NodeRef, kind: EdgeKind, direction: Direction): readonly (NodeRef & { readonly exists: boolean })[] {
    return this.memo(`${direction} ${kind} ${keyOf(ref)}`, () => this.#view.neighbours(ref, { kinds: [kind], direction }).sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1))
  }

  related (ref: NodeRef, kind: EdgeKind, direction: Direction): readonly Thing[] {
    return this.neighbours(ref, kind, direction).map(n => this.object(n)).filter(o => o !== undefined)
  }

  /** The controller of it, or the first owner. */
  owner (thing: unknown): Thing | undefined {
    const owner = controllerOf(objectAt(thing, 'metadata'))
    if (owner === undefined) return undefined
    const ref = { kind: owner.kind, namespace: clusterScoped.has(owner.kind) ? '' : textAt(thing, 'metadata', 'namespace'), name: owner.name }
    const stored = this.object(ref)
    if (stored !== undefined) return stored
    const grand = grandOwner(owner, textAt(thing, 'metadata', 'labels', 'pod-template-hash'))
    return this.thing(grand === undefined ? ref : { ...ref, ...grand })
  }

  /** Owners from the nearest up; cycles end. */
  owners (thing: unknown): readonly Thing[] {
    const found: Thing[] = []
    for (let at = this.owner(thing); at !== undefined && found.length < maxOwners; at = this.owner(at)) {
      if (found.some(o => keyOf(refOf(o)) === keyOf(refOf(at)))) break
      found.push(at)
    }
    return found
  }

  /** Itself when nothing owns it. Custom owners of a Deployment are not followed: a person names the Deployment. */
  workload (thing: unknown): Thing {
    let workload = thing as Thing
    for (const owner of this.owners(thing)) {
      if (!workloadKinds.includes(refOf(owner).kind)) break
      workload = owner
    }
    return workload
  }

  /** ReplicaSets of a Deployment, Jobs of a CronJob. */
  makers (ref: NodeRef): readonly Thing[] {
    if (ref.kind !== 'Deployment' && ref.kind !== 'CronJob') return []
    return this.memo(`makers ${keyOf(ref)}`, () => this.related(ref, 'owner', 'in').filter(o => makersKinds.has(refOf(o).kind)))
  }

  /** Of a workload those it owns, of a Service those it selects, of a Node those on it, of a Namespace those in it, of anything else those that use it. */
  pods (ref: NodeRef): readonly Thing[] {
    return this.memo(`pods ${keyOf(ref)}`, () => this.#pods(ref))
  }

  #pods (ref: NodeRef): readonly Thing[] {
    const isPod = (thing: Thing): boolean => refOf(thing).kind === 'Pod'
    switch (ref.kind) {
      case 'Pod': { const pod = this.object(ref); return pod === undefined ? [] : [pod] }
      case 'Node': return this.related(ref, 'runs_on', 'in').filter(isPod)
      case 'Service': return this.related(ref, 'selects', 'out').filter(isPod)
      case 'Namespace': return this.inNamespace('Pod', ref.name)
      case 'Deployment': case 'CronJob': {
        const makers = this.makers(ref)
        if (makers.length > 0) return makers.flatMap(maker => this.related(refOf(maker), 'owner', 'in').filter(isPod))
        // Nobody watches what is in between: the names tell.
        return (this.#podsByWorkload().get(keyOf(ref)) ?? [])
      }
      default: return workloadKinds.includes(ref.kind) ? this.related(ref, 'owner', 'in').filter(isPod) : this.#users(ref).filter(isPod)
    }
  }

  #podsByWorkload (): ReadonlyMap<string, Thing[]> {
    return this.memo('pods by workload', () => {
      const groups = new Map<string, Thing[]>()
      for (const pod of this.all('Pod')) {
        const key = keyOf(refOf(this.workload(pod)))
        const known = groups.get(key)
        if (known === undefined) groups.set(key, [pod])
        else known.push(pod)
      }
      return groups
    })
  }

  #users (ref: NodeRef): readonly Thing[] {
    const nodes = this.#view.neighbours(ref, { direction: ref.kind === 'PodDisruptionBudget' || ref.kind === 'NetworkPolicy' || ref.kind.startsWith('Endpoint') ? 'out' : 'in' })
    return nodes.sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1).map(n => this.object(n)).filter(o => o !== undefined)
  }

  /** Services that select pods of it; of a workload without pods, those that would. */
  services (ref: NodeRef): readonly Thing[] {
    return this.memo(`services ${keyOf(ref)}`, () => {
      if (ref.kind === 'Service') return this.related(ref, 'endpoints_of', 'in')
      const found = new Map<string, Thing>()
      for (const pod of this.pods(ref)) for (const service of this.related(refOf(pod), 'selects', 'in')) found.set(keyOf(refOf(service)), service)
      if (found.size === 0 && workloadKinds.includes(ref.kind)) for (const service of this.#wouldSelect(ref)) found.set(keyOf(refOf(service)), service)
      return [...found.keys()].sort().map(key => found.get(key) as Thing)
    })
  }

  #wouldSelect (ref: NodeRef): readonly Thing[] {
    const labels = textsAt(templateOf(this.object(ref)), 'metadata', 'labels')
    return this.inNamespace('Service', ref.namespace ?? '').filter(service => {
      const selector = Object.entries(objectAt(service, 'spec', 'selector'))
      return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
    })
  }

  nodesOf (ref: NodeRef): readonly string[] {
    if (ref.kind === 'Node') return [ref.name]
    return this.memo(`nodes ${keyOf(ref)}`, () => [...new Set(this.pods(ref).map(pod => textAt(pod, 'spec', 'nodeName')).filter(name => name !== ''))].sort())
  }

  about (ref: EntityRef): Iterable<Symptom> { return this.scene.symptoms.about(ref) }
}

/** The pod template of a workload; the pod itself for a Pod. */
export function templateOf (thing: unknown): Thing | undefined {
  const kind = refOf(thing).kind
  if (kind === 'Pod') return thing as Thing
  const template = kind === 'CronJob' ? valueAt(thing, 'spec', 'jobTemplate', 'spec', 'template') : valueAt(thing, 'spec', 'template')
  return typeof template === 'object' && template !== null ? template as Thing : undefined
}

/** The pod's spec of whatever has one: a pod, a template, a workload. */
export function podSpec (thing: unknown): Plain {
  const template = templateOf(thing)
  return template === undefined ? objectAt(thing, 'spec') : objectAt(template, 'spec')
}

/** Its containers, init containers last. */
export function containersOf (thing: unknown): readonly unknown[] {
  const spec = podSpec(thing)
  return [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')]
}
