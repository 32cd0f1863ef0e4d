/**
 * Which selectors take which pods, kept up to date from both sides. Pods of one namespace with the same labels are one group,
 * so a selector is compared once a group, and a new pod of a known group costs nothing but its edges. Groups and selectors
 * find each other by one label pair: of a selector's, the one that fewest groups have.
 */
import { grown } from '../key-table.js'
import { matches, sortedPairs, type Selector } from './selector.js'

export interface LabelGroup {
  readonly key: string
  readonly namespace: string
  readonly labels: ReadonlyMap<string, string>
  readonly pods: Set<number>
  readonly selectors: Set<number>
}

interface Member { readonly namespace: string, readonly selector: Selector, readonly text: string, readonly code: number, readonly sinceMs: number, readonly posted: string, readonly groups: Set<LabelGroup> }

export class LabelGroups {
  readonly #groups = new Map<string, LabelGroup>()
  /** By namespace, and by namespace and pair. */
  readonly #groupsBy = new Map<string, Set<LabelGroup>>()
  readonly #selectorsBy = new Map<string, Set<number>>()
  readonly #selectors = new Map<number, Member>()
  readonly #groupOf = new Map<number, LabelGroup>()
  /** Of pods: since when they have their labels. */
  #podSinceMs = new Float64Array(16)

  /** True when the pod's labels are others than before. */
  join (pod: number, namespace: string, labels: Readonly<Record<string, string>>, sinceMs: number): boolean {
    const pairs = sortedPairs(labels)
    const key = `${namespace}\0${JSON.stringify(pairs)}`
    if (this.#groupOf.get(pod)?.key === key) return false
    this.leave(pod)
    const group = this.#groups.get(key) ?? this.#found(key, namespace, new Map(pairs))
    group.pods.add(pod)
    this.#groupOf.set(pod, group)
    if (pod >= this.#podSinceMs.length) this.#podSinceMs = grown(this.#podSinceMs, Math.max(pod + 1, Math.ceil(this.#podSinceMs.length * 1.5)))
    this.#podSinceMs[pod] = sinceMs
    return true
  }

  leave (pod: number): void {
    const group = this.#groupOf.get(pod)
    if (group === undefined) return
    this.#groupOf.delete(pod)
    group.pods.delete(pod)
    if (group.pods.size === 0) this.#dissolve(group)
  }

  /** True when the selector is another than before. */
  select (entity: number, namespace: string, code: number, selector: Selector | undefined, sinceMs: number): boolean {
    const text = selector === undefined ? '' : JSON.stringify(selector)
    if ((this.#selectors.get(entity)?.text ?? '') === text) return false
    this.deselect(entity)
    if (selector === undefined) return true
    const posted = this.#rarest(namespace, selector)
    const candidates = this.#groupsBy.get(posted) ?? new Set()
    const groups = new Set([...candidates].filter(g => matches(selector, g.labels)))
    for (const group of groups) group.selectors.add(entity)
    this.#selectors.set(entity, { namespace, selector, text, code, sinceMs, posted, groups })
    entryOf(this.#selectorsBy, posted).add(entity)
    return true
  }

  deselect (entity: number): void {
    const member = this.#selectors.get(entity)
    if (member === undefined) return
    this.#selectors.delete(entity)
    for (const group of member.groups) group.selectors.delete(entity)
    removeFrom(this.#selectorsBy, member.posted, entity)
  }

  isPod (entity: number): boolean { return this.#groupOf.has(entity) }
  isSelector (entity: number): boolean { return this.#selectors.has(entity) }
  selectorsOf (pod: number): ReadonlySet<number> { return this.#groupOf.get(pod)?.selectors ?? new Set() }
  code (selector: number): number { return this.#selectors.get(selector)?.code ?? 0 }

  * podsOf (selector: number): Generator<number> {
    for (const group of this.#selectors.get(selector)?.groups ?? []) yield * group.pods
  }

  /** Since when the two have had what makes them match. */
  sinceMs (selector: number, pod: number): number { return Math.max(this.#selectors.get(selector)?.sinceMs ?? -Infinity, this.#podSinceMs[pod] as number) }

  get groupCount (): number { return this.#groups.size }

  #found (key: string, namespace: string, labels: ReadonlyMap<string, string>): LabelGroup {
    const group: LabelGroup = { key, namespace, labels, pods: new Set(), selectors: new Set() }
    this.#groups.set(key, group)
    for (const post of postsOf(group)) {
      entryOf(this.#groupsBy, post).add(group)
      for (const entity of this.#selectorsBy.get(post) ?? []) {
        const member = this.#selectors.get(entity) as Member
        if (!matches(member.selector, labels)) continue
        group.selectors.add(entity)
        member.groups.add(group)
      }
    }
    return group
  }

  #dissolve (group: LabelGroup): void {
    this.#groups.delete(group.key)
    for (const post of postsOf(group)) removeFrom(this.#groupsBy, post, group)
    for (const entity of group.selectors) this.#selectors.get(entity)?.groups.delete(group)
  }

  #rarest (namespace: string, { pairs }: Selector): string {
    const posts = pairs.map(([key, value]) => postOf(namespace, key, value))
    const sizes = posts.map(post => this.#groupsBy.get(post)?.size ?? 0)
    return posts[sizes.indexOf(Math.min(...sizes))] ?? namespace
  }
}

const postOf = (namespace: string, key: string, value: string): string => `${namespace}\0${key}\0${value}`

function postsOf ({ namespace, labels }: LabelGroup): string[] {
  return [namespace, ...[...labels].map(([key, value]) => postOf(namespace, key, value))]
}

function entryOf<T> (map: Map<string, Set<T>>, key: string): Set<T> {
  let set = map.get(key)
  if (set === undefined) map.set(key, set = new Set())
  return set
}

function removeFrom<T> (map: Map<string, Set<T>>, key: string, item: T): void {
  const set = map.get(key)
  set?.delete(item)
  if (set?.size === 0) map.delete(key)
}
