/** From what is in trouble to the pods that stand on it: nodes, claims, config, policies. One step; replicas and callers follow. */
import { entityKey, entityText, type EntityRef } from '../correlation/entity.js'
import type { Hits } from './hits.js'
import { isWorkload } from './kinds.js'
import type { Neighbourhood } from './neighbourhood.js'
import type { Seed } from './seeds.js'

/** How hard a pod is hit: without its node it is gone; what it has mounted already mostly stays until it starts anew. */
const strengths = { onDownNode: 0.9, onTroubledNode: 0.3, withoutNeed: 0.9, needTroubled: 0.55, configTroubled: 0.3, restricted: 0.6, scaled: 0.3 } as const

const storage: ReadonlySet<string> = new Set(['PersistentVolumeClaim', 'PersistentVolume', 'StorageClass'])
const config: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'ServiceAccount'])

/** `then`: when the trouble began; `now`: what is there now. A pod that came later stands on it too. */
export function spread (seed: Seed, then: Neighbourhood, now: Neighbourhood, hits: Hits): void {
  const { entity } = seed
  const both = (ask: (at: Neighbourhood) => readonly EntityRef[]): EntityRef[] => [...new Map([...ask(then), ...ask(now)].map(e => [entityKey(e), e])).values()]
  if (entity.kind === 'Node') return spreadNode(seed, both(n => n.podsOn(entity.name)), hits)
  if (storage.has(entity.kind)) return spreadNeed(seed, both(n => n.dependantsOf(entity)), now, strengths.needTroubled, hits)
  if (config.has(entity.kind)) return spreadNeed(seed, both(n => n.dependantsOf(entity)), now, strengths.configTroubled, hits)
  if (entity.kind === 'NetworkPolicy') return hitAll(seed, both(n => n.restrictedBy(entity)), strengths.restricted, 'is restricted by', hits)
  if (entity.kind === 'HorizontalPodAutoscaler') return hitAll(seed, both(n => n.scaledBy(entity)), strengths.scaled, 'is scaled by', hits)
}

function spreadNode ({ entity, effect, why, timeMs }: Seed, pods: readonly EntityRef[], hits: Hits): void {
  const isLost = effect === 'down'
  const strength = isLost ? strengths.onDownNode : strengths.onTroubledNode
  for (const pod of pods) hits.offer({ entity: pod, strength, isOwn: false, isLost, timeMs, why: `runs on ${entityText(entity)} (${why})` })
}

/** A pod that is not ready and lacks what it needs is taken to lack it because of that. */
function spreadNeed ({ entity, why, timeMs }: Seed, dependants: readonly EntityRef[], now: Neighbourhood, whenReady: number, hits: Hits): void {
  for (const needy of dependants) {
    const isLost = needy.kind === 'Pod' && now.healthOf(needy) === 'unready'
    const strength = isLost ? strengths.withoutNeed : whenReady
    const top = isWorkload(needy.kind) ? now.workloadOf(needy) ?? needy : needy
    hits.offer({ entity: top, strength, isOwn: false, isLost, timeMs, why: `needs ${entityText(entity)} (${why})` })
  }
}

function hitAll ({ entity, why, timeMs }: Seed, others: readonly EntityRef[], strength: number, how: string, hits: Hits): void {
  for (const other of others) hits.offer({ entity: other, strength, isOwn: false, isLost: false, timeMs, why: `${how} ${entityText(entity)} (${why})` })
}
