/**
 * The closed vocabularies of an event. Numbers are part of the codec: append, never reuse.
 */

/** Which kind of telemetry a row is. `events` are Tapio's own and those of kernel, node, network and cluster. */
export const signals = ['events', 'traces', 'metrics', 'logs', 'profiles'] as const
export type SignalName = (typeof signals)[number]
export const Signal = { events: 0, traces: 1, metrics: 2, logs: 3, profiles: 4 } as const satisfies Record<SignalName, number>

/** What an event is about. The first ten are the original's EventType; `span` and `profile` are what OTLP adds. */
export const eventTypes = [
  'unknown', 'system', 'kubernetes', 'service', 'log', 'network', 'process', 'memory', 'cpu', 'disk', 'metric', 'span', 'profile'
] as const
export type EventTypeName = (typeof eventTypes)[number]
export const EventType = {
  unknown: 0, system: 1, kubernetes: 2, service: 3, log: 4, network: 5, process: 6, memory: 7, cpu: 8, disk: 9, metric: 10, span: 11, profile: 12
} as const satisfies Record<EventTypeName, number>

/**
 * Severity is OpenTelemetry's SeverityNumber (1 to 24, 0 = unspecified). The original's names sit on that scale so that
 * both orders agree; https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
 */
export const Severity = {
  unspecified: 0, trace: 1, debug: 5, info: 9, low: 10, medium: 12, warning: 13, high: 16, error: 17, critical: 21
} as const
export type SeverityName = keyof typeof Severity

const namesBySeverity = Object.entries(Severity).sort((a, b) => a[1] - b[1]) as [SeverityName, number][]

/** The name of the highest level not above `severityNumber`: 18 (ERROR2) is `error`. */
export function severityName (severityNumber: number): SeverityName {
  let name: SeverityName = 'unspecified'
  for (const [candidate, from] of namesBySeverity) if (from <= severityNumber) name = candidate
  return name
}

/** OTLP's SpanKind, same numbers. */
export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const

/** OTLP's Metric.data, in field order; 0 = no data. */
export const metricKinds = ['none', 'gauge', 'sum', 'histogram', 'exponential_histogram', 'summary'] as const

/** What the raw bytes of a row are. */
export const rawEncodings = ['none', 'otlp_span', 'otlp_log_record', 'otlp_metric', 'otlp_profile', 'kernel', 'kubernetes_json', 'tapio_json'] as const
export const RawEncoding = {
  none: 0, otlpSpan: 1, otlpLogRecord: 2, otlpMetric: 3, otlpProfile: 4, kernel: 5, kubernetesJson: 6, tapioJson: 7
} as const
