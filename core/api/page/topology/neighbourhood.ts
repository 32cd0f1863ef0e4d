/** Parts of the topology as a picture can hold them. */
import type { EntityJson } from '../../gen/tapio/v1/entity_pb.js'
import type { GetTopologyResponseJson } from '../../gen/tapio/v1/runtime_pb.js'
import { entityKey } from '../format/entity.js'

export interface Relation { readonly from: string, readonly to: string, readonly kinds: readonly string[] }
export interface Part { readonly nodes: ReadonlyMap<string, { readonly entity: EntityJson, readonly exists: boolean }>, readonly relations: readonly Relation[] }

export const nothing: Part = { nodes: new Map(), relations: [] }

/** An owned object names its owner; drawn the other way round, what stands above in people's heads stands before in the picture. */
function direction (from: string, to: string, kind: string): readonly [string, string, string] { return kind === 'owner' ? [to, from, 'owns'] : [from, to, kind] }

/** Several relations of the same two are drawn as one arrow. */
export function partOf ({ nodes = [], edges = [] }: GetTopologyResponseJson): Part {
  const keys = nodes.map(n => entityKey(n.entity ?? {}))
  const relations = new Map<string, { readonly from: string, readonly to: string, readonly kinds: string[] }>()
  for (const { from = 0, to = 0, kind = '' } of edges) {
    const [sayer, other] = [keys[from], keys[to]]
    if (sayer === undefined || other === undefined) continue
    const [a, b, word] = direction(sayer, other, kind)
    const id = `${a}>${b}`
    const relation = relations.get(id)
    if (relation === undefined) relations.set(id, { from: a, to: b, kinds: [word] })
    else if (!relation.kinds.includes(word)) relation.kinds.push(word)
  }
  return { nodes: new Map(nodes.map((n, i) => [keys[i] ?? '', { entity: n.entity ?? {}, exists: n.exists === true }])), relations: [...relations.values()] }
}

export function joined (a: Part, b: Part): Part {
  const relations = new Map([...a.relations, ...b.relations].map(r => [`${r.from}>${r.to}`, r]))
  return { nodes: new Map([...a.nodes, ...b.nodes]), relations: [...relations.values()] }
}

/** Only these, with what is between them. */
export function narrowed ({ nodes, relations }: Part, keep: (key: string) => boolean): Part {
  const kept = new Map([...nodes].filter(([key]) => keep(key)))
  return { nodes: kept, relations: relations.filter(r => kept.has(r.from) && kept.has(r.to)) }
}

/** What can be reached from one of them, either way. */
export function reachable (part: Part, from: readonly string[]): Part {
  const near = new Map<string, string[]>()
  for (const r of part.relations) for (const [a, b] of [[r.from, r.to], [r.to, r.from]] as const) near.set(a, [...near.get(a) ?? [], b])
  const seen = new Set(from)
  for (const key of seen) for (const next of near.get(key) ?? []) seen.add(next)
  return narrowed(part, key => seen.has(key))
}

/** How many relations each has. */
export function degrees ({ relations }: Part): ReadonlyMap<string, number> {
  const n = new Map<string, number>()
  for (const { from, to } of relations) for (const key of [from, to]) n.set(key, (n.get(key) ?? 0) + 1)
  return n
}

/** Kinds that stand between others and say nothing by themselves in a picture. */
export const plumbing: ReadonlySet<string> = new Set(['ReplicaSet', 'EndpointSlice', 'Endpoints', 'ServiceAccount', 'ConfigMap', 'Secret', 'Namespace', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'])

export function kindOf (key: string): string { return key.split('/')[0] ?? '' }

/** What an owner says too, its pods need not say again: three pods that call what their Deployment calls are one arrow. */
export function saidOnce ({ nodes, relations }: Part): Part {
  const owners = new Map<string, string[]>()
  for (const { from, to, kinds } of relations) if (kinds.includes('owns')) owners.set(to, [...owners.get(to) ?? [], from])
  const said = new Set(relations.flatMap(r => r.kinds.map(kind => `${r.from} ${kind} ${r.to}`)))
  const isSaidAbove = (of: string, kind: string, to: string, depth = 3): boolean => depth > 0 && (owners.get(of) ?? []).some(owner => said.has(`${owner} ${kind} ${to}`) || isSaidAbove(owner, kind, to, depth - 1))
  return { nodes, relations: relations.flatMap(r => {
    const kinds = r.kinds.filter(kind => kind === 'owns' || !isSaidAbove(r.from, kind, r.to))
    return kinds.length === 0 ? [] : [{ ...r, kinds }]
  }) }
}

/** Without those: what came to one of them goes on to where it led. */
export function bypassed (part: Part, out: (key: string) => boolean): Part {
  const over = [...part.nodes.keys()].filter(out).flatMap(key => part.relations.filter(r => r.to === key).flatMap(before => part.relations.filter(r => r.from === key).map(after => ({ from: before.from, to: after.to, kinds: before.kinds }))))
  const rest = narrowed(part, key => !out(key))
  return joined({ nodes: rest.nodes, relations: over.filter(r => rest.nodes.has(r.from) && rest.nodes.has(r.to)) }, rest)
}

/** Those that are affected, and those that join two of them; the affected first when there is room for `most` only. */
export function aroundAffected (part: Part, affected: ReadonlySet<string>, most: number): Part {
  const near = new Map<string, number>()
  for (const { from, to } of part.relations) {
    if (affected.has(from)) near.set(to, (near.get(to) ?? 0) + 1)
    if (affected.has(to)) near.set(from, (near.get(from) ?? 0) + 1)
  }
  const keys = [...part.nodes.keys()]
  const joins = keys.filter(key => !affected.has(key) && (near.get(key) ?? 0) > 1 && !plumbing.has(kindOf(key))).sort((a, b) => (near.get(b) ?? 0) - (near.get(a) ?? 0))
  const kept = new Set([...keys.filter(key => affected.has(key)), ...joins].slice(0, most))
  return narrowed(part, key => kept.has(key))
}
