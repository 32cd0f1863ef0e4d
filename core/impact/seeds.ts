/** Where the trouble sits: what the symptoms say about their own entities. */
import { entityKey, entityText, type EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import { effectOf, signWords, type Effect } from './effects.js'
import type { Hit } from './hits.js'
import type { Neighbourhood } from './neighbourhood.js'

export interface Seed extends Hit {
  readonly effect: Effect
}

/** `at_risk` is what others are; an entity with a symptom is in it. */
const strengths: Readonly<Record<Effect, number>> = { down: 1, impaired: 0.7, pressure: 0.5 }

/** Changes and recoveries are no trouble by themselves: what they did shows in others. In a fixed order, whatever the order of `symptoms`. */
export function seedsOf (symptoms: Iterable<Symptom>, at: (timeMs: number) => Neighbourhood): Seed[] {
  const troubled = [...symptoms].filter(s => s.role === 'trouble' || s.role === 'finding')
  const keyed = troubled.map(s => [`${entityKey(s.entity)}|${s.sign}|${s.id}`, s] as const).sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)
  return keyed.map(([, symptom]) => seedOf(symptom, at(symptom.firstMs)))
}

function seedOf (symptom: Symptom, then: Neighbourhood): Seed {
  const entity = standIn(symptom.entity, then)
  const words = `${signWords(symptom.sign)}${symptom.count > 1 ? `, ${symptom.count} times` : ''}`
  const why = entityKey(entity) === entityKey(symptom.entity) ? words : `${entityText(symptom.entity)}: ${words}`
  const effect = effectOf({ ...symptom, entity })
  return { entity, effect, strength: strengths[effect], isOwn: true, isLost: effect === 'down', why, timeMs: symptom.firstMs }
}

/** What a person would look at: the Deployment of a ReplicaSet, the Service of a slice, the node of a unit, process or interface. */
function standIn (entity: EntityRef, then: Neighbourhood): EntityRef {
  switch (entity.kind) {
    case 'ReplicaSet': case 'Job': return then.workloadOf(entity) ?? entity
    case 'EndpointSlice': case 'Endpoints': return then.serviceOfSlice(entity) ?? entity
    case 'Unit': case 'Process': case 'Interface': return (entity.namespace ?? '') === '' ? entity : { kind: 'Node', name: entity.namespace as string }
    default: return entity
  }
}
