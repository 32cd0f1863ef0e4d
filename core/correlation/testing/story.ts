/** Symptoms and links of tests, in words: `k8s.evicted Pod/shop/cart-0 +10s`. */
import type { Analyzer, Engine } from '../engine.js'
import { entityKey, entityOfKey, type EntityRef } from '../entity.js'
import type { Link } from '../link.js'
import { isSign, roleOf } from '../signs.js'
import { layers, type Detail, type Role, type Symptom } from '../symptom.js'
import { t0, type Made } from './objects.js'

export interface Told {
  readonly sign: string
  readonly entity: EntityRef
  readonly atMs: number
  readonly detail?: Detail
  readonly message?: string
  readonly confidence?: number
  readonly role?: Role
  readonly traceId?: string
  readonly spanId?: string
  readonly parentSpanId?: string
}

/** `at` in seconds after `t0`; `about` is an entity's key, `Pod/cart-0` means namespace `shop`. */
export function tell (sign: string, about: string, at: number, more: Omit<Told, 'sign' | 'entity' | 'atMs'> = {}): Told {
  const parts = about.split('/')
  const key = parts.length === 2 ? `${parts[0]}/${parts[0] === 'Node' ? '' : 'shop'}/${parts[1]}` : about
  return { sign, entity: entityOfKey(key), atMs: t0 + at * 1000, ...more }
}

export function see (engine: Engine, { sign, entity, atMs, detail = {}, message = sign, confidence = 1, role = isSign(sign) ? roleOf(sign) : 'trouble', traceId, spanId, parentSpanId }: Told): Symptom | undefined {
  return engine.symptoms.see({
    sign, entity, detail, role, severity: 17, timeMs: atMs, confidence, layer: layers.find(l => sign.startsWith(`${l}.`)) ?? 'app',
    evidence: { eventId: `${sign} ${entityKey(entity)} ${atMs}`, source: 'test', name: sign, message, ...(traceId === undefined ? {} : { traceId }), ...(spanId === undefined ? {} : { spanId }), ...(parentSpanId === undefined ? {} : { parentSpanId }) }
  })
}

export function put (engine: Engine, objects: readonly Made[], atMs = t0 - 1000): void {
  for (const { kind, object } of objects) engine.model.put(kind, object, atMs)
}

/** Rows in their order: time advances as context does it, then a last tick. */
export function play (engine: Engine, told: readonly Told[]): void {
  for (const t of told) {
    engine.advance(t.atMs)
    see(engine, t)
  }
  engine.flush(true)
}

export function textOf (engine: Engine, id: string): string {
  const symptom = engine.symptoms.get(id)
  return symptom === undefined ? id : `${symptom.sign} ${entityKey(symptom.entity).replace('/shop/', '/')}`
}

/** `cause > effect`, in order of text. */
export function linkTexts (engine: Engine): string[] {
  return [...engine.links.all()].map(l => `${textOf(engine, l.cause)} > ${textOf(engine, l.effect)}`).sort()
}

export function linkOf (engine: Engine, text: string): Link | undefined {
  return [...engine.links.all()].find(l => `${textOf(engine, l.cause)} > ${textOf(engine, l.effect)}` === text)
}

export const analyzerOf = (tick: Analyzer['tick']): Analyzer => ({ tick })
