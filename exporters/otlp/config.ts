/** Options of the otlp exporter: the Collector's names where it has one. */
import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options, Secret, Section } from '../../core/config/schema.js'
import { retryOnFailure } from '../../core/delivery/retry-on-failure.js'
import { compressions } from '../../core/net/compression.js'
import { clientAuth } from '../../core/net/credentials.js'
import { tlsClient } from '../../core/net/tls.js'

export const protocols = ['grpc', 'http/protobuf', 'http/json'] as const

export const schema = Options({
  endpoint: Type.Optional(Type.String({ minLength: 1, description: 'Where to send. gRPC: `host:port` or `http(s)://host:port`; HTTP: the base URL, to which `/v1/traces` and so on are added. Both: `unix:///path`. This or `endpoints` is required.' })),
  endpoints: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, uniqueItems: true, description: 'Several places, among which rows are shared out by `routing_key`.' })),
  routing_key: Enum(['traceID', 'service', 'none'] as const, { default: 'traceID', description: 'With `endpoints`: `traceID` sends all rows of a trace to one (rows without one by their service), `service` all of a service, `none` whole requests in turn.' }),
  failover: Type.Boolean({ default: false, description: 'With `endpoints`: rows of an endpoint that cannot be reached go to the others meanwhile. Off: they wait for it, and traces stay whole.' }),
  protocol: Enum(protocols, { default: 'grpc', description: 'How to send.' }),
  headers: Type.Record(Type.String(), Secret(), { default: {}, description: 'Added to every request: authentication, tenant. Values are never shown.' }),
  compression: Enum(['none', ...compressions] as const, { default: 'none', description: 'Compression of requests.' }),
  timeout: Duration({ default: '5s', minimum: '1ms', maximum: '24d', description: 'How long one request may take.' }),
  tls: Section(tlsClient),
  auth: clientAuth,
  connections: Type.Integer({ default: 1, minimum: 1, maximum: 64, description: 'gRPC: connections to an endpoint; each request takes the one with the fewest under way. More than one helps where something between balances connections.' }),
  keepalive: Section({
    time: Duration({ default: '0', maximum: '24d', description: 'gRPC: a ping after each so much time; servers may cut off who pings more often than they permit (gRPC-Go: 5m). 0 = none.' }),
    timeout: Duration({ default: '20s', minimum: '1ms', maximum: '24d', description: 'A connection that does not answer a ping within this is given up.' }),
    permit_without_stream: Type.Boolean({ default: false, description: 'Ping also when no request is under way.' })
  }),
  max_concurrent_requests: Type.Integer({ default: 8, minimum: 1, description: 'Requests in hand at once, on their way or waiting to be sent again; more wait their turn with their sender.' }),
  max_request_bytes: ByteSize({ default: '4MiB', minimum: '1KiB', description: 'Larger requests are sent in parts, before compression; 4 MiB is what gRPC servers take unless told otherwise. One record that is larger is sent all the same.' }),
  retry_on_failure: retryOnFailure
})

export type Config = Static<typeof schema>

/** All places to send to. */
export function endpointsOf ({ endpoint, endpoints }: Pick<Config, 'endpoint' | 'endpoints'>): readonly string[] {
  return endpoints ?? (endpoint === undefined ? [] : [endpoint])
}
