/** The four OTLP signals: how each is named on the wire, over gRPC, over HTTP and in answers. */
import { RawEncoding } from '../data/enums.js'
import { messageType, type MessageType } from './schema.js'

export const otlpSignals = ['traces', 'metrics', 'logs', 'profiles'] as const
export type OtlpSignal = (typeof otlpSignals)[number]

export interface SignalFacts {
  readonly request: MessageType
  /** The repeated child of the request (field 1), of that (field 2), and of that (field 2): the record. */
  readonly resourceMessage: MessageType
  readonly scopeMessage: MessageType
  readonly grpcPath: string
  readonly httpPath: string
  /** partial_success.rejected_<items> in OTLP/JSON. */
  readonly rejectedName: string
  /** What the count of rejected items counts. */
  readonly itemName: string
  readonly rawEncoding: number
}

const service = (name: string): string => `/opentelemetry.proto.collector.${name}/Export`

export const signalFacts: Readonly<Record<OtlpSignal, SignalFacts>> = {
  traces: {
    request: messageType('ExportTraceServiceRequest'), resourceMessage: messageType('ResourceSpans'), scopeMessage: messageType('ScopeSpans'),
    grpcPath: service('trace.v1.TraceService'), httpPath: '/v1/traces', rejectedName: 'rejectedSpans', itemName: 'spans', rawEncoding: RawEncoding.otlpSpan
  },
  metrics: {
    request: messageType('ExportMetricsServiceRequest'), resourceMessage: messageType('ResourceMetrics'), scopeMessage: messageType('ScopeMetrics'),
    grpcPath: service('metrics.v1.MetricsService'), httpPath: '/v1/metrics', rejectedName: 'rejectedDataPoints', itemName: 'data points', rawEncoding: RawEncoding.otlpMetric
  },
  logs: {
    request: messageType('ExportLogsServiceRequest'), resourceMessage: messageType('ResourceLogs'), scopeMessage: messageType('ScopeLogs'),
    grpcPath: service('logs.v1.LogsService'), httpPath: '/v1/logs', rejectedName: 'rejectedLogRecords', itemName: 'log records', rawEncoding: RawEncoding.otlpLogRecord
  },
  profiles: {
    request: messageType('ExportProfilesServiceRequest'), resourceMessage: messageType('ResourceProfiles'), scopeMessage: messageType('ScopeProfiles'),
    grpcPath: service('profiles.v1development.ProfilesService'), httpPath: '/v1development/profiles', rejectedName: 'rejectedProfiles', itemName: 'profiles', rawEncoding: RawEncoding.otlpProfile
  }
}
