/** A stream through the processors that think: what incidents come of it. */
import type { ComponentFactory } from '../../core/component/factory.js'
import { concat } from '../../core/data/concat.js'
import type { EventBatch } from '../../core/data/batch.js'
import { RawEncoding } from '../../core/data/enums.js'
import type { Incident } from '../../core/incidents/incident.js'
import { chainOf } from '../../core/testing/chain.js'
import { CollectingConsumer } from '../../core/testing/services.js'
import { accepted } from '../../core/component/outcome.js'
import { processors } from '../../processors/index.js'
import type { Dice } from './world/random.js'
import type { Delivery } from './world/stream.js'

export const thinking = ['context', 'k8s_correlation', 'temporal_correlation', 'impact', 'incident'] as const

export function thinkers (): ComponentFactory[] { return thinking.map(type => processors.find(p => p.type === type)).filter(factory => factory !== undefined) }

/** The last version of each incident, by their beginning. */
export async function runStory (batches: Iterable<EventBatch>): Promise<Incident[]> {
  const last = new Map<string, Incident>()
  const sink = new CollectingConsumer()
  // Nothing is kept: a stream may have a million rows.
  sink.consume = async batch => {
    for (const incident of incidentsIn(batch)) if ((last.get(incident.id)?.version ?? -1) <= incident.version) last.set(incident.id, incident)
    return accepted
  }
  const chain = await chainOf(thinkers().map(factory => ({ factory })), { sink })
  await chain.start()
  for (const batch of batches) await chain.head.consume(batch)
  await chain.stop()
  return [...last.values()].filter(i => i.mergedInto === undefined).sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1))
}

export function incidentsIn (batch: EventBatch): Incident[] {
  const encodings = batch.unread === undefined ? batch.columns.rawEncoding : undefined
  const found: Incident[] = []
  for (let i = 0; encodings !== undefined && i < batch.count; i++) {
    if (encodings[i] !== RawEncoding.tapioJson) continue
    const row = batch.at(i)
    if (row.get('name') === 'tapio.incident') found.push(JSON.parse(Buffer.from(row.raw as Uint8Array).toString()) as Incident)
  }
  return found
}

/** As receivers hand on: what comes of one source at a time goes together, up to `maxRows`. */
export function * natural (deliveries: readonly Delivery[], maxRows = 500): Generator<EventBatch> {
  let run: EventBatch[] = []
  let [rows, layer] = [0, '']
  for (const delivery of deliveries) {
    const kind = delivery.batch.unread === undefined ? delivery.layer : `${delivery.layer}${delivery.batch.unread.signal}`
    if (run.length > 0 && (kind !== layer || rows + delivery.batch.count > maxRows)) {
      yield concat(run)
      ;[run, rows] = [[], 0]
    }
    layer = kind
    run.push(delivery.batch)
    rows += delivery.batch.count
  }
  if (run.length > 0) yield concat(run)
}

/** The same rows in the same order, joined and cut anywhere. OTLP rows are read by that. */
export function * cutAnywhere (deliveries: readonly Delivery[], dice: Dice): Generator<EventBatch> {
  let waiting: EventBatch[] = []
  for (const { batch } of deliveries) {
    waiting.push(batch)
    if (!dice.chance(0.25)) continue
    const joined = concat(waiting)
    const at = dice.below(joined.count + 1)
    if (at > 0) yield joined.slice(0, at)
    waiting = at < joined.count ? [joined.slice(at, joined.count)] : []
  }
  if (waiting.length > 0) yield concat(waiting)
}
