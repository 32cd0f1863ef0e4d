/** The exporter's own instruments. */
import type { MetricDeclaration } from '../../core/telemetry/meter.js'

export const requests: MetricDeclaration = {
  name: 'otlp_exporter_requests', kind: 'counter', unit: '', attributes: ['signal', 'outcome'],
  description: 'Requests sent, by outcome: accepted, partial, rejected, retry, too_large (sent again in halves).'
}
export const sentItems: MetricDeclaration = {
  name: 'otlp_exporter_sent_items', kind: 'counter', unit: '', attributes: ['signal'],
  description: 'Spans, log records, data points and profiles the other side took.'
}
export const rejectedItems: MetricDeclaration = {
  name: 'otlp_exporter_rejected_items', kind: 'counter', unit: '', attributes: ['signal'],
  description: 'Spans, log records, data points and profiles the other side will never take.'
}
export const sentBytes: MetricDeclaration = {
  name: 'otlp_exporter_sent', kind: 'counter', unit: 'bytes', attributes: ['signal'],
  description: 'Bytes of requests sent, before compression.'
}

export const declarations: readonly MetricDeclaration[] = [requests, sentItems, rejectedItems, sentBytes]
