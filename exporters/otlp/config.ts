/** Options of the otlp exporter: the Collector's names where it has one. */
import { Type, type Static } from '@sinclair/typebox'
import { Duration, Enum, Options, Secret, Section } from '../../core/config/schema.js'

export const protocols = ['grpc', 'http/protobuf', 'http/json'] as const

export const schema = Options({
  endpoint: Type.String({ minLength: 1, description: 'Where to send. gRPC: `host:port` or `http(s)://host:port`; HTTP: the base URL, to which `/v1/traces` and so on are added.' }),
  protocol: Enum(protocols, { default: 'grpc', description: 'How to send.' }),
  headers: Type.Record(Type.String(), Secret(), { default: {}, description: 'Added to every request: authentication, tenant. Values are never shown.' }),
  compression: Enum(['none', 'gzip'] as const, { default: 'none', description: 'Compression of requests.' }),
  timeout: Duration({ default: '5s', minimum: '1ms', description: 'How long one request may take.' }),
  tls: Section({
    insecure: Type.Boolean({ default: false, description: 'gRPC without TLS. For an endpoint with a scheme, the scheme decides.' })
  }),
  max_concurrent_requests: Type.Integer({ default: 8, minimum: 1, description: 'Requests under way at once; more wait their turn with their sender.' })
})

export type Config = Static<typeof schema>
