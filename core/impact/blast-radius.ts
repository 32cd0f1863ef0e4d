/**
 * What else is hit by a set of symptoms, over the topology and the learned calls of that time:
 *
 *   symptoms ─► what they are about ─► pods on it, or in need of it ─► workloads and Services by replicas left ─► who uses those
 *   seeds.ts                           spread.ts                       replicas.ts                               callers.ts
 *
 * Every step is bounded, hits every entity once, and goes through entities in the order of their keys.
 */
import type { Engine } from '../correlation/engine.js'
import { entityKey, type EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Affected, Impact } from '../incidents/incident.js'
import { Callers, spreadToCallers } from './callers.js'
import { budgetSign, cascadeRisk, dependantsSign, replicasLost, shortageSign, type CascadeSigns } from './cascade-risk.js'
import { growthOf } from './growth.js'
import { Hits, stateOf, type Hit } from './hits.js'
import { categoryOf, type Category } from './kinds.js'
import { Neighbourhood } from './neighbourhood.js'
import { isControlPlane, nodesOf } from './nodes.js'
import { countReplicas } from './replicas.js'
import { seedsOf } from './seeds.js'
import { spread } from './spread.js'

export interface BlastRadius {
  /** At most `maxAffected`: `failed`, `degraded`, `at_risk`; nodes, workloads, services, pods, others; then by name. */
  readonly affected: readonly Affected[]
  /** All that failed or are degraded, listed or not. What is at risk only is not counted. */
  readonly counts: Impact['counts']
  /** The same, `failed` only. */
  readonly failed: Impact['counts']
  readonly cascadeRisk: number
  readonly signs: CascadeSigns
  /** Affected ones that are not listed. */
  readonly omitted: number
}

export const maxAffected = 300
/** Symptoms beyond this (by key) add nothing that those before do not show. */
const maxSeeds = 2000
/** Times are looked at in steps, so that a flood of symptoms does not make a view of the graph each. */
const stepMs = 1000

export function blastRadius ({ model, dependencies }: Pick<Engine, 'model' | 'dependencies'>, symptoms: Iterable<Symptom>, timeMs: number): BlastRadius {
  const all = [...symptoms]
  const views = new Map<number, Neighbourhood>()
  const at = (ms: number): Neighbourhood => {
    const step = Math.min(timeMs, Math.ceil(ms / stepMs) * stepMs)
    const known = views.get(step) ?? new Neighbourhood(model, step)
    views.set(step, known)
    return known
  }
  const now = at(timeMs)
  const seeds = seedsOf(all, at).slice(0, maxSeeds)
  const hits = new Hits()
  for (const seed of seeds) hits.offer(seed)
  for (const seed of seeds) spread(seed, at(seed.timeMs), now, hits)
  const replicas = countReplicas(hits, hit => now.exists(hit.entity) ? now : at(hit.timeMs), now)
  const reached = spreadToCallers(hits, new Callers(now, dependencies))
  const lost = [...hits.all()].filter(h => h.isLost && h.entity.kind === 'Pod').map(h => h.entity)
  const nodes = nodesOf(model)
  const signs: CascadeSigns = {
    replicasLost: replicasLost(replicas), shortage: shortageSign(lost, hits, now, nodes), dependants: dependantsSign(reached), growth: growthOf(all),
    budgets: budgetSign(lost, now), controlPlane: nodes.some(n => hits.get(n)?.isOwn === true && isControlPlane(model.object(n))) ? 1 : 0
  }
  return { ...listed(hits), cascadeRisk: cascadeRisk(signs), signs }
}

const stateOrder = { failed: 0, degraded: 1, at_risk: 2 } as const
const categoryOrder: Readonly<Record<Category, number>> = { nodes: 0, workloads: 1, services: 2, pods: 3 }

function listed (hits: Hits): Pick<BlastRadius, 'affected' | 'counts' | 'failed' | 'omitted'> {
  const [counts, failed] = [{ nodes: 0, workloads: 0, services: 0, pods: 0 }, { nodes: 0, workloads: 0, services: 0, pods: 0 }]
  const ranked = [...hits.all()].map(hit => ({ hit, rank: rankOf(hit) })).sort((a, b) => a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0)
  for (const { hit } of ranked) {
    const [category, state] = [categoryOf(hit.entity.kind), stateOf(hit)]
    if (category === undefined || state === 'at_risk') continue
    counts[category]++
    if (state === 'failed') failed[category]++
  }
  const affected = ranked.slice(0, maxAffected).map(({ hit }): Affected => ({ entity: plain(hit.entity), state: stateOf(hit), why: hit.why }))
  return { affected, counts, failed, omitted: ranked.length - affected.length + hits.refused }
}

function rankOf (hit: Hit): string {
  const category = categoryOf(hit.entity.kind)
  return `${stateOrder[stateOf(hit)]}${category === undefined ? 4 : categoryOrder[category]}${entityKey(hit.entity)}`
}

/** The same document whether or not a symptom knew the uid. */
function plain ({ kind, namespace = '', name }: EntityRef): EntityRef { return namespace === '' ? { kind, name } : { kind, namespace, name } }
