/**
 * The objects of one watch as they were last seen, reduced to what comparing needs, and what each new state says. What is told
 * goes to `tell` in the order of the API server's versions.
 */
import type { Clock } from '../../core/component/clock.js'
import { changeOf, changesOf, eventTime, published, reduced, type Change } from '../../core/kubernetes/changes/index.js'
import type { ObjectSink } from '../../core/kubernetes/list-watch.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import type { KubeKind } from '../../core/kubernetes/watchable.js'
import type { KubernetesConfig } from './config.js'
import type { ChangeQueue } from './change-queue.js'

export interface TrackerContext {
  readonly config: Pick<KubernetesConfig, 'objects' | 'events_since' | 'exclude_namespaces' | 'max_objects'>
  readonly clock: Clock
  readonly queue: ChangeQueue
  /** Objects held by all trackers together. */
  readonly total: { held: number }
  /** Makes equal texts one. */
  share(text: string): string
  notHeld(kind: KubeKind): void
  /** An object of a shape that none of its kind has. */
  malformed(kind: KubeKind, error: unknown): void
}

export class Tracker implements ObjectSink {
  #held = new Map<string, KubeObject>()
  /** Names in the list that is coming in. */
  #listed = new Set<string>()
  /** From an earlier run, and not told in this one: those who keep their own picture of the cluster have lost it. */
  readonly #restored = new Set<string>()
  /** Before the first list nothing is known: what is then found is not news. */
  #known = false

  constructor (readonly kind: KubeKind, readonly context: TrackerContext) {}

  /** There is a state of before to compare with. */
  get known (): boolean { return this.#known }

  get size (): number { return this.#held.size }

  /** The states, which never change in place: a copy of the references is a picture of this moment. */
  states (): readonly KubeObject[] { return [...this.#held.values()] }

  /** From an earlier run. Before anything else is given. */
  restore (states: readonly KubeObject[]): void {
    for (const state of states) {
      this.#hold(keyOf(state), state)
      if (this.tellsAll) this.#restored.add(keyOf(state))
    }
    this.#known = true
  }

  listing (): void { this.#listed = new Set() }

  /** Never throws: the watch would come upon the same object again and again. */
  put (object: KubeObject): void {
    try {
      this.#put(object)
    } catch (error) {
      this.context.malformed(this.kind, error)
    }
  }

  remove (object: KubeObject): void {
    const key = keyOf(object)
    const before = this.#held.get(key)
    if (before === undefined) return
    // The version of the deletion itself, so that the same deletion has the same id whoever sees it.
    this.#gone(withVersion(before, object))
    this.#forget(key)
  }

  listed (): void {
    for (const [key, before] of [...this.#held]) {
      if (this.#listed.has(key)) continue
      this.#gone(before)
      this.#forget(key)
    }
    this.#listed = new Set()
    this.#known = true
  }

  room (): Promise<void> | undefined { return this.context.queue.room() }

  #put (object: KubeObject): void {
    const { config: { exclude_namespaces: excluded } } = this.context
    if (excluded.includes(object.metadata?.namespace ?? '')) return
    const key = keyOf(object)
    this.#listed.add(key)
    let before = this.#held.get(key)
    const version = object.metadata?.resourceVersion
    const isUntold = this.#restored.delete(key)
    if (before !== undefined && version !== undefined && before.metadata?.resourceVersion === version) {
      if (isUntold) this.#say(this.#observed(undefined, object, this.#nowMs()), object)
      return
    }
    // Another object under the same name: the end of the first was not seen.
    if (before?.metadata?.uid !== undefined && before.metadata.uid !== object.metadata?.uid) {
      this.#gone(before)
      before = undefined
    }
    this.#say(this.#changes(before, object), object)
    if (before !== undefined || this.#hasRoom()) this.#hold(key, reduced(this.kind, object, this.context.share))
    else this.context.notHeld(this.kind)
  }

  #changes (before: KubeObject | undefined, object: KubeObject): readonly Change[] {
    const nowMs = this.#nowMs()
    const changes = changesOf(this.kind, before, object, nowMs)
    if (before !== undefined || this.#known) return this.#orObserved(changes, before, object, nowMs)
    if (this.kind === 'Event' && (eventTime(object) ?? 0) < nowMs - this.context.config.events_since) return []
    return this.#orObserved(changes.filter(c => c.change !== 'created'), before, object, nowMs)
  }

  #gone (before: KubeObject): void {
    const nowMs = this.#nowMs()
    const changes = changesOf(this.kind, before, undefined, nowMs)
    const { name, namespace, uid, resourceVersion } = before.metadata ?? {}
    const told = changes.length > 0 || !this.tellsAll ? changes : [changeOf(this.kind, before, { change: 'observed', reason: `${this.kind}Gone`, severity: 'trace', message: 'is gone' }, nowMs, 'DELETED')]
    this.#say(told, { metadata: { name, namespace, uid, resourceVersion } } as KubeObject)
  }

  /** Whether there is an event for every object. */
  get tellsAll (): boolean { return this.context.config.objects === 'all' && this.kind !== 'Event' && this.kind !== 'Lease' }

  /** What says nothing by itself, for those who asked for every state. */
  #orObserved (changes: readonly Change[], before: KubeObject | undefined, object: KubeObject, nowMs: number): readonly Change[] {
    return changes.length > 0 || !this.tellsAll ? changes : this.#observed(before, object, nowMs)
  }

  #observed (before: KubeObject | undefined, object: KubeObject, nowMs: number): readonly Change[] {
    return [changeOf(this.kind, object, { change: 'observed', reason: `${this.kind}Observed`, severity: 'trace', message: before === undefined ? 'was found' : 'was changed in what means nothing by itself' }, nowMs)]
  }

  /** Items of lists do not say their kind. */
  #say (changes: readonly Change[], object: KubeObject): void {
    if (changes.length === 0) return
    const bytes = this.context.config.objects === 'none' ? undefined : Buffer.from(JSON.stringify(published({ ...object, kind: this.kind })))
    changes.forEach((change, i) => { this.context.queue.add(i > 0 || bytes === undefined ? { change } : { change, object: bytes }) })
  }

  #hasRoom (): boolean { return this.context.total.held < this.context.config.max_objects }

  #hold (key: string, state: KubeObject): void {
    if (!this.#held.has(key)) this.context.total.held++
    this.#held.set(key, state)
  }

  #forget (key: string): void {
    if (this.#held.delete(key)) this.context.total.held--
  }

  #nowMs (): number { return this.context.clock.unixMs() }
}

function keyOf ({ metadata = {} }: KubeObject): string { return `${metadata.namespace ?? ''}/${metadata.name ?? ''}` }

function withVersion (before: KubeObject, { metadata = {} }: KubeObject): KubeObject {
  const { resourceVersion } = metadata
  return resourceVersion === undefined ? before : { ...before, metadata: { ...before.metadata, resourceVersion } }
}
