/** Options of the otlp receiver: the Collector's names where it has one. */
import { Type, type Static } from '@sinclair/typebox'
import type { ConfigFault } from '../../core/component/factory.js'
import { ByteSize, Duration, Endpoint, Options, Section } from '../../core/config/schema.js'
import { serverAuth } from '../../core/net/auth.js'
import { keepalive } from '../../core/net/grpc/keepalive.js'
import { tlsServer } from '../../core/net/tls.js'
import { credentialHeaders } from './origins.js'

const listener = {
  max_connections: Type.Integer({ default: 10_000, minimum: 1, description: 'Connections at once. More are closed as they come.' }),
  tls: Type.Optional(tlsServer),
  auth: Type.Optional(serverAuth),
  include_metadata: Type.Union([Type.Boolean(), Type.Array(Type.String({ minLength: 1 }))], { default: false, description: 'Keeps the client\'s address and request headers (metadata) with its batches, for processors next to the receiver: all headers, or the listed ones. Credentials are never kept.' })
}

export const grpcOptions = Options({
  endpoint: Endpoint({ default: 'localhost:4317', description: 'Where to listen for OTLP/gRPC: `host:port` or `unix:///path`. Port 0 takes a free port.' }),
  max_recv_msg_size_mib: Type.Number({ default: 4, exclusiveMinimum: 0, maximum: 1024, description: 'Largest message, before and after decompression, in MiB. 4 is gRPC\'s own default, which clients expect.' }),
  max_concurrent_streams: Type.Integer({ default: 100, minimum: 1, description: 'Calls a connection may have open at once.' }),
  ...listener,
  keepalive
})

export const httpOptions = Options({
  endpoint: Endpoint({ default: 'localhost:4318', description: 'Where to listen for OTLP/HTTP: `host:port` or `unix:///path`. Port 0 takes a free port.' }),
  max_request_body_size: ByteSize({ default: '20MiB', minimum: '1KiB', description: 'Largest body, before and after decompression.' }),
  read_header_timeout: Duration({ default: '1m', description: 'How long a client may take to send the head of a request.' }),
  idle_timeout: Duration({ default: '1m', description: 'How long a kept-alive connection may be silent.' }),
  ...listener,
  cors: Section({
    allowed_origins: Type.Array(Type.String({ minLength: 1, maxLength: 300, pattern: '^[^*]*(\\*[^*]*){0,2}$' }), { default: [], description: 'Web pages that may send from a browser, by origin; `*` inside stands for anything (`https://*.example.com`). Empty: none.' }),
    allowed_headers: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Headers they may send beside accept, content-type, content-encoding, origin and x-requested-with; `*` for any.' }),
    max_age: Type.Integer({ default: 0, minimum: 0, description: 'Seconds for which a browser may remember the answer to its question (preflight). 0: its own default.' })
  }, { description: 'Cross-origin requests.' })
})

export const schema = Options({
  protocols: Section({
    grpc: Type.Optional(grpcOptions),
    http: Type.Optional(httpOptions)
  }, { description: 'Which protocols to listen for. Naming one starts only that one; naming none starts both with their defaults.' }),
  max_concurrent_requests: Type.Integer({ default: 256, minimum: 1, description: 'Requests being received or processed at once, over both protocols. More are asked to retry.' }),
  max_in_flight_size: ByteSize({ default: '128MiB', minimum: '1MiB', description: 'Bytes of requests being received or processed at once, decoded columns included. More are asked to retry.' }),
  read_timeout: Duration({ default: '30s', minimum: '1ms', maximum: '24d', description: 'How long a client may take to send a whole request.' }),
  retry_after: Duration({ default: '1s', description: 'What clients are told to wait when Tapio cannot take a request now and does not know for how long.' })
})

export type Config = Static<typeof schema>
export type GrpcConfig = Static<typeof grpcOptions>
export type HttpConfig = Static<typeof httpOptions>

/** What the schema cannot say. */
export function checkConfig ({ protocols }: Config): ConfigFault[] {
  const faults: ConfigFault[] = []
  for (const name of ['grpc', 'http'] as const) {
    const config = protocols[name]
    if (config === undefined) continue
    const { auth, include_metadata: include } = config
    if (auth !== undefined && auth.bearer_tokens.length === 0 && auth.bearer_token_file === undefined && Object.keys(auth.basic).length === 0) {
      faults.push({ path: ['protocols', name, 'auth'], message: 'auth without any credential lets nobody in: give `bearer_tokens`, `bearer_token_file` or `basic`, or leave `auth` out' })
    }
    if (!Array.isArray(include)) continue
    include.forEach((header, i) => {
      if (credentialHeaders.includes(header.toLowerCase())) faults.push({ path: ['protocols', name, 'include_metadata', i], message: `\`${header}\` carries credentials, which never stay with a batch: leave it out` })
    })
  }
  return faults
}
