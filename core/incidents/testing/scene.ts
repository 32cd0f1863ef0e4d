/** Short ways to make symptoms and links for tests. */
import type { Engine } from '../../correlation/engine.js'
import { entityOfKey } from '../../correlation/entity.js'
import type { Link } from '../../correlation/link.js'
import type { Layer, Role, Symptom } from '../../correlation/symptom.js'
import { Severity, type SeverityName } from '../../data/enums.js'

export const startMs = Date.UTC(2026, 0, 1, 12)

export interface Seen { readonly atS?: number, readonly severity?: SeverityName, readonly role?: Role, readonly message?: string, readonly count?: number, readonly detail?: Record<string, string | number> }

/** `see(engine, 'k8s.crash_loop', 'Pod/shop/cart-1', { atS: 3 })`. */
export function see (engine: Engine, sign: string, entity: string, { atS = 0, severity = 'error', role = 'trouble', message = sign, count = 1, detail = {} }: Seen = {}): Symptom {
  const symptom = engine.symptoms.see({
    sign, layer: sign.split('.')[0] as Layer, role, entity: entityOfKey(entity), detail, severity: Severity[severity], timeMs: startMs + atS * 1000, confidence: 1, count,
    evidence: { eventId: '', source: 'test', name: sign, message }
  })
  if (symptom === undefined) throw new Error('the symptom was not taken')
  return symptom
}

export function link (engine: Engine, cause: Symptom, effect: Symptom, confidence = 0.9): Link {
  const made: Link = { id: `${cause.id}>${effect.id}`, cause: cause.id, effect: effect.id, kind: 'same_entity', by: 'test', confidence, lagMs: effect.firstMs - cause.firstMs, path: [cause.entity, effect.entity], why: `${cause.sign} causes ${effect.sign}`, events: [] }
  engine.links.add(made)
  return made
}
