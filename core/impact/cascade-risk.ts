/**
 * How likely the trouble is to spread: each sign of it is a chance of its own, and they join as independent chances do,
 * 1 - (1-a)(1-b)…, so that several weak ones are together strong and none is counted beyond 1.
 */
import type { Hits } from './hits.js'
import { entityKey, type EntityRef } from '../correlation/entity.js'
import { valueAt } from '../topology/graph/plain.js'
import { shortage } from './capacity.js'
import type { Neighbourhood } from './neighbourhood.js'
import type { Replicas } from './replicas.js'

/** Each 0 to 1. */
export interface CascadeSigns {
  /** Largest share of replicas lost: the rest carries their load. */
  readonly replicasLost: number
  /** How much of what lost its node finds no place: capacity.ts. */
  readonly shortage: number
  /** n / (n + 5) of the dependants reached, each counted by what arrives of the failure. */
  readonly dependants: number
  /** Growth of errors and retries: `growthOf`. */
  readonly growth: number
  /** Share of the disruption budgets around lost pods that have nothing left. */
  readonly budgets: number
  /** A node of the control plane is down or in trouble. */
  readonly controlPlane: number
}

/** Chance of spreading when the sign is at its worst. Losing half the replicas is judged by what is left, hence the strongest. */
const chances: Readonly<Record<keyof CascadeSigns, number>> = { replicasLost: 0.4, shortage: 0.5, dependants: 0.5, growth: 0.4, budgets: 0.2, controlPlane: 0.5 }

export function cascadeRisk (signs: CascadeSigns): number {
  const names = Object.keys(chances) as (keyof CascadeSigns)[]
  return round(1 - names.reduce((safe, name) => safe * (1 - chances[name] * clamp(signs[name])), 1))
}

export function replicasLost (replicas: readonly Replicas[]): number {
  return Math.max(0, ...replicas.filter(r => r.desired > 0).map(r => Math.min(1, r.lost / r.desired)))
}

export function dependantsSign (reached: number): number { return reached / (reached + 5) }

/** Budgets that count a lost pod and allow no (further) disruption. */
export function budgetSign (lost: readonly EntityRef[], now: Neighbourhood): number {
  const budgets = new Map(lost.slice(0, maxLooked).flatMap(pod => now.budgetsOf(pod)).map(b => [entityKey(b), b]))
  const known = [...budgets.values()].map(b => valueAt(now.object(b), 'status', 'disruptionsAllowed')).filter(n => typeof n === 'number')
  return known.length === 0 ? 0 : known.filter(n => n <= 0).length / known.length
}

/** Pods without a place: lost, on a node that is in trouble itself. */
export function shortageSign (lost: readonly EntityRef[], hits: Hits, now: Neighbourhood, nodes: readonly EntityRef[]): number {
  const down = new Set(nodes.filter(n => hits.get(n)?.isLost === true).map(entityKey))
  if (down.size === 0) return 0
  const displaced = lost.slice(0, maxLooked).filter(pod => { const node = now.nodeOf(pod); return node !== undefined && down.has(entityKey(node)) })
  return shortage(displaced, down, nodes, now.model)
}

const maxLooked = 1000

export const clamp = (n: number): number => Number.isFinite(n) ? Math.min(1, Math.max(0, n)) : 0
/** Four digits: sums in another order must not show. */
export const round = (n: number): number => Math.round(n * 1e4) / 1e4
