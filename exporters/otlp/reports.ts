/** The exporter's counters: what was sent and what became of it, in OTLP's items. */
import type { Meter } from '../../core/telemetry/meter.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import { rejectedItems, requests, sentBytes, sentItems } from './metrics.js'
import type { Sent } from './sender.js'

export class Reports {
  constructor (readonly meter: Meter) {}

  /** `splits`: it was too large and goes out again in halves, so nothing of it is rejected yet. */
  sent ({ signal, items, byteLength }: FramedRequest, sent: Sent, splits: boolean): void {
    const refused = sent.status === 'success' ? Math.min(items, sent.rejectedItems) : sent.status === 'rejected' && !splits ? items : 0
    this.meter.counter(requests, { signal, outcome: outcomeOf(sent, refused, splits) }).add(1)
    this.meter.counter(sentBytes, { signal }).add(byteLength)
    if (sent.status === 'success') this.meter.counter(sentItems, { signal }).add(items - refused)
    if (refused > 0) this.meter.counter(rejectedItems, { signal }).add(refused)
  }
}

function outcomeOf (sent: Sent, refused: number, splits: boolean): string {
  if (splits) return 'too_large'
  if (sent.status !== 'success') return sent.status
  return refused === 0 ? 'accepted' : 'partial'
}
