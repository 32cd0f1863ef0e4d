/** A cluster with its clocks: what is in it, and the ways on which its events reach the pipeline. */
import type { EventBatch } from '../../../core/data/batch.js'
import type { EntityRef } from '../../../core/correlation/entity.js'
import type { KubeObject } from '../../../core/kubernetes/objects.js'
import type { KubeKind } from '../../../core/kubernetes/watchable.js'
import type { CniSource } from '../sources/cni.js'
import type { JournalSource } from '../sources/journal.js'
import type { KernelSource } from '../sources/kernel.js'
import { KubernetesSource } from '../sources/kubernetes.js'
import { iso, keyOf, type App, type NodePart, type Thing } from './parts.js'
import type { Dice } from './random.js'
import { Simulation } from './simulation.js'
import { Stream, type StreamLayer } from './stream.js'

/** How long what a source saw is on its way, in milliseconds: from, to. */
const ways = { kubernetes: [40, 600], kernel: [10, 250], journal: [20, 500], cni: [100, 400], otlp: [20, 300] } as const

export interface EventDraft {
  readonly about: EntityRef
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly note: string
  /** `kubelet`, `default-scheduler`, …; of a kubelet with its node. */
  readonly from: string
  readonly node?: NodePart
  /** Of a container. */
  readonly container?: string
}

export class World {
  readonly sim: Simulation
  readonly stream = new Stream()
  readonly nodes: NodePart[] = []
  readonly apps: App[] = []
  readonly things = new Map<string, Thing>()
  #kubernetes = new KubernetesSource()
  readonly #events = new Map<string, Thing & { deprecatedCount: number }>()
  #version = 1000
  #isListed = false

  constructor (readonly dice: Dice, startMs: number, endMs: number) { this.sim = new Simulation(startMs, endMs) }

  get nowMs (): number { return this.sim.nowMs }

  /** The receivers' start: everything that is there is listed. */
  list (): void {
    this.#isListed = true
    const objects = [...this.things.values()].map(t => ({ kind: t.kind as KubeKind, object: copyOf(t) }))
    this.stream.add({ arrivalMs: this.nowMs, timeMs: this.nowMs, layer: 'k8s', batch: this.#kubernetes.list(objects, this.nowMs) })
  }

  /** The kubernetes receiver starts anew, without a checkpoint: what is there now is listed, and the Events of the last minutes. */
  relist (): EventBatch {
    const objects = [...this.things.values(), ...this.#events.values()].map(t => ({ kind: t.kind as KubeKind, object: copyOf(t) }))
    this.#kubernetes = new KubernetesSource()
    return this.#kubernetes.list(objects, this.nowMs)
  }

  /** The API server takes a new state of `thing`. */
  put (thing: Thing): Thing {
    thing.metadata.resourceVersion = String(++this.#version)
    this.things.set(keyOf(thing.kind, thing.metadata.namespace, thing.metadata.name), thing)
    if (this.#isListed) this.#send('k8s', 'kubernetes', this.#kubernetes.put(thing.kind as KubeKind, copyOf(thing), this.nowMs))
    return thing
  }

  remove (thing: Thing): void {
    thing.metadata.resourceVersion = String(++this.#version)
    this.things.delete(keyOf(thing.kind, thing.metadata.namespace, thing.metadata.name))
    if (this.#isListed) this.#send('k8s', 'kubernetes', this.#kubernetes.remove(thing.kind as KubeKind, copyOf(thing), this.nowMs))
  }

  thing (kind: string, namespace: string | undefined, name: string): Thing | undefined { return this.things.get(keyOf(kind, namespace, name)) }

  /** An Event of Kubernetes; the same again counts up. A kubelet's has the times of its node's clock. */
  event ({ about, type, reason, note, from, node, container }: EventDraft): void {
    const key = `${keyOf(about.kind, about.namespace, about.name)}/${reason}/${note}`
    const nowText = iso(this.nowMs + (node?.skewMs ?? 0))
    let event = this.#events.get(key)
    if (event === undefined) {
      const name = `${about.name}.${this.dice.hex(16)}`
      event = {
        apiVersion: 'events.k8s.io/v1', kind: 'Event', type, reason, note,
        metadata: { name, namespace: about.namespace ?? 'default', uid: this.dice.uuid(), resourceVersion: '0', creationTimestamp: nowText },
        regarding: { ...about, ...(container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }) },
        deprecatedSource: { component: from, ...(node === undefined ? {} : { host: node.name }) }, reportingController: from,
        deprecatedFirstTimestamp: nowText, deprecatedLastTimestamp: nowText, deprecatedCount: 0
      }
      this.#events.set(key, event)
    }
    event.deprecatedCount++
    event['deprecatedLastTimestamp'] = nowText
    event.metadata.resourceVersion = String(++this.#version)
    if (this.#isListed) this.#send('k8s', 'kubernetes', this.#kubernetes.put('Event', copyOf(event), this.nowMs))
  }

  /** Records of a node's kernel; `make` gets the time by the node's clock. */
  kernel (node: NodePart, layer: StreamLayer, make: (kernel: KernelSource, atMs: number) => Buffer | readonly Buffer[]): void {
    const records = make(node.kernel, this.nowMs + node.skewMs)
    this.#send(layer, 'kernel', node.kernel.rows(records instanceof Buffer ? [records] : records as readonly Buffer[], this.nowMs + node.skewMs))
  }

  journal (node: NodePart, layer: StreamLayer, make: (journal: JournalSource, atMs: number) => EventBatch): void {
    this.#send(layer, 'journal', make(node.journal, this.nowMs + node.skewMs))
  }

  cni (node: NodePart, make: (cni: CniSource, atMs: number) => EventBatch): void { this.#send('net', 'cni', make(node.cni, this.nowMs + node.skewMs)) }

  otlp (batch: EventBatch): void { this.#send('app', 'otlp', batch) }

  workers (): NodePart[] { return this.nodes.filter(n => !n.isControlPlane) }

  app (namespace: string, name: string): App | undefined { return this.apps.find(a => a.namespace === namespace && a.name === name) }

  #send (layer: StreamLayer, way: keyof typeof ways, batch: EventBatch): void {
    const [from, to] = ways[way]
    this.stream.add({ arrivalMs: this.nowMs + this.dice.between(from, to), timeMs: this.nowMs, layer, batch })
  }
}

function copyOf (thing: Thing): KubeObject { return structuredClone(thing) as unknown as KubeObject }
