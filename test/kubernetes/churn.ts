/** A cluster that changes without pause, and what must be told of it: computed from the API server's own log. */
import { changesOf, idOf, reduced } from '../../core/kubernetes/changes/index.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import type { KubeKind } from '../../core/kubernetes/watchable.js'
import { seeded, type Random } from '../../core/data/testing/random.js'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'
import type { ObjectStore } from '../../core/testing/api-server/store.js'

/** Kinds that change, by their name in the store. */
const kinds: Readonly<Record<string, KubeKind>> = { '/pods': 'Pod', 'events.k8s.io/events': 'Event' }

export class Churn {
  readonly #rnd: Random
  readonly #names: string[] = []
  #made = 0
  #events = 0
  readonly #restarts = new Map<string, number>()

  constructor (readonly store: ObjectStore, seed: number) { this.#rnd = seeded(seed) }

  fill (pods: number): void { while (this.#names.length < pods) this.#create() }

  /** One change: a pod restarts, comes, goes, or an Event is told of one. */
  step (): void {
    const name = this.#names[this.#rnd.below(this.#names.length)]
    const what = this.#rnd.below(10)
    if (name === undefined || what === 0) this.#create()
    else if (what === 1) this.#delete(name)
    else if (what < 6) this.#event(name)
    else {
      this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1)
      this.#put(name)
    }
  }

  #create (): void {
    const name = `pod-${this.#made++}`
    this.#names.push(name)
    this.#put(name)
  }

  #delete (name: string): void {
    this.#names.splice(this.#names.indexOf(name), 1)
    this.store.delete('/pods', `shop/${name}`)
  }

  #put (name: string): void {
    const restarts = this.#restarts.get(name) ?? 0
    this.store.put('/pods', makePod(name, { uid: uuidOf(name), restarts, node: `node-${name.length + restarts % 3}`, labels: { app: name.slice(0, 5), 'pod-template-hash': 'abc' }, owner: { kind: 'ReplicaSet', name: `rs-${name.slice(0, 6)}-abc` } }))
  }

  #event (pod: string): void {
    const name = `${pod}.${this.#events++}`
    this.store.put('events.k8s.io/events', { metadata: { name, namespace: 'shop', uid: uuidOf(name) }, regarding: { kind: 'Pod', namespace: 'shop', name: pod, uid: uuidOf(pod) }, reason: 'BackOff', type: 'Warning', note: 'Back-off restarting failed container main', deprecatedCount: 1, deprecatedLastTimestamp: '2026-01-01T00:00:00Z' } as KubeObject)
  }
}

/** Ids of what must be told since `version`, of each object in order. */
export function expectedSince (store: ObjectStore, version: number): ReadonlyMap<string, readonly string[]> {
  const held = new Map<string, KubeObject>()
  const expected = new Map<string, string[]>()
  for (const change of store.log) {
    const kind = kinds[change.kind]
    if (kind === undefined) continue
    const key = `${change.kind} ${change.key}`
    const before = held.get(key)
    const after = change.type === 'DELETED' ? undefined : change.object
    if (change.version > version) {
      const was = after === undefined && before !== undefined ? { ...before, metadata: { ...before.metadata, resourceVersion: String(change.version) } } : before
      const ids = changesOf(kind, was, after, 0).map(c => Buffer.from(idOf(c.key)).toString('hex'))
      expected.set(key, [...expected.get(key) ?? [], ...ids])
    }
    if (after === undefined) held.delete(key)
    else held.set(key, reduced(kind, after))
  }
  return expected
}

export interface Verdict { readonly expected: number, readonly missed: number, readonly doubled: number, readonly outOfOrder: number, readonly unexpected: number }

/** `told`: ids in the order in which they came. */
export function judge (expected: ReadonlyMap<string, readonly string[]>, told: readonly string[]): Verdict {
  const objectOf = new Map([...expected].flatMap(([key, ids]) => ids.map(id => [id, key] as const)))
  const seen = new Set<string>()
  const came = new Map<string, string[]>()
  let [doubled, unexpected] = [0, 0]
  for (const id of told) {
    const key = objectOf.get(id)
    if (key === undefined) { unexpected++; continue }
    if (seen.has(id)) { doubled++; continue }
    seen.add(id)
    const of = came.get(key)
    if (of === undefined) came.set(key, [id])
    else of.push(id)
  }
  const outOfOrder = [...expected].filter(([key, ids]) => { const here = came.get(key) ?? []; return here.some((id, i) => id !== ids.filter(x => seen.has(x))[i]) }).length
  return { expected: objectOf.size, missed: objectOf.size - seen.size, doubled, outOfOrder, unexpected }
}
