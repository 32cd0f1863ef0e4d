/** Links as events, for exporters and stores: `tapio.link`, with the link as JSON in the raw bytes. */
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { RawEncoding, Severity } from '../data/enums.js'
import type { Link } from './link.js'
import type { Symptom } from './symptom.js'

export const linkEventName = 'tapio.link'

/** `effect`: the row has its time and entity. */
export interface ToldLink { readonly link: Link, readonly effect: Symptom }

export function linkBatch (told: readonly ToldLink[], source: string): EventBatch {
  const builder = new BatchBuilder(told.length)
  for (const { link, effect } of told) {
    const { kind, namespace = '', name, uid = '' } = effect.entity
    builder.append({
      signal: 'events', type: 'system', severity: Severity.info, name: linkEventName, source, message: link.why, confidence: link.confidence,
      id: link.id, timeUnixNano: BigInt(Math.round(effect.firstMs)) * 1_000_000n,
      entityKind: kind, entityNamespace: namespace, entityName: name, entityUid: uid,
      raw: { encoding: RawEncoding.tapioJson, bytes: Buffer.from(JSON.stringify(link)) }
    })
  }
  return builder.finish()
}
