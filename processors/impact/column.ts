/** The `impact` column: the score of the symptom a row was counted to, as it is when the row passes. */
import type { Engine } from '../../core/correlation/engine.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { Scorer } from '../../core/impact/score.js'

/** Undefined: no row has a symptom. */
export function impactColumn (batch: EventBatch, engine: Engine, scorer: Scorer): Float32Array<ArrayBuffer> | undefined {
  // Nobody has read it, so nobody saw a symptom in it.
  if (batch.unread !== undefined) return undefined
  const { symptomId, impact } = batch.columns
  if (symptomId === undefined) return undefined
  const bytes = Buffer.from(symptomId.buffer, symptomId.byteOffset, symptomId.byteLength)
  const known = new Map<string, number>()
  let column: Float32Array<ArrayBuffer> | undefined
  for (let row = 0; row < batch.count; row++) {
    if (isZero(symptomId, row)) continue
    const id = bytes.toString('latin1', row * 16, row * 16 + 16)
    const score = known.get(id) ?? scoreOf(bytes.toString('hex', row * 16, row * 16 + 16), engine, scorer)
    known.set(id, score)
    if (Number.isNaN(score)) continue
    column ??= impact === undefined ? new Float32Array(batch.count).fill(NaN) : new Float32Array(impact)
    column[row] = score
  }
  return column
}

/** A symptom that no tick has seen yet is scored now. NaN: it is forgotten already. */
function scoreOf (id: string, engine: Engine, scorer: Scorer): number {
  const symptom = engine.symptoms.get(id)
  if (symptom === undefined) return NaN
  return symptom.impact > 0 ? symptom.impact : scorer.peek(symptom)
}

function isZero (ids: Uint8Array, row: number): boolean {
  for (let i = row * 16; i < row * 16 + 16; i++) if (ids[i] !== 0) return false
  return true
}
