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
  const known = new Map<number, number>()
  let column: Float32Array<ArrayBuffer> | undefined
  for (let row = 0; row < batch.count; row++) {
    if (symptomId[row * 16] === 0 && isZero(symptomId, row)) continue
    const key = keyOf(symptomId, row * 16)
    let score = known.get(key)
    if (score === undefined) known.set(key, score = scoreOf(bytes.toString('hex', row * 16, row * 16 + 16), engine, scorer))
    if (Number.isNaN(score)) continue
    column ??= impact === undefined ? new Float32Array(batch.count).fill(NaN) : new Float32Array(impact)
    column[row] = score
  }
  return column
}

/** 53 bits of an id that is a hash: of the symptoms of one batch no two have the same. */
function keyOf (b: Uint8Array, at: number): number {
  const low = ((b[at] as number) | (b[at + 1] as number) << 8 | (b[at + 2] as number) << 16 | (b[at + 3] as number) << 24) >>> 0
  const high = ((b[at + 4] as number) | (b[at + 5] as number) << 8 | ((b[at + 6] as number) & 31) << 16)
  return high * 4294967296 + low
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
