/** Options of the otlp receiver: the Collector's names where it has one. */
import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Endpoint, Options, Section } from '../../core/config/schema.js'

export const grpcOptions = Options({
  endpoint: Endpoint({ default: 'localhost:4317', description: 'Where to listen for OTLP/gRPC. Port 0 takes a free port.' }),
  max_recv_msg_size_mib: Type.Number({ default: 4, exclusiveMinimum: 0, maximum: 1024, description: 'Largest message, before and after decompression, in MiB. 4 is gRPC\'s own default, which clients expect.' }),
  max_concurrent_streams: Type.Integer({ default: 100, minimum: 1, description: 'Calls a connection may have open at once.' })
})

export const httpOptions = Options({
  endpoint: Endpoint({ default: 'localhost:4318', description: 'Where to listen for OTLP/HTTP. Port 0 takes a free port.' }),
  max_request_body_size: ByteSize({ default: '20MiB', minimum: '1KiB', description: 'Largest body, before and after decompression.' }),
  read_header_timeout: Duration({ default: '1m', description: 'How long a client may take to send the head of a request.' }),
  idle_timeout: Duration({ default: '1m', description: 'How long a kept-alive connection may be silent.' })
})

export const schema = Options({
  protocols: Section({
    grpc: Type.Optional(grpcOptions),
    http: Type.Optional(httpOptions)
  }, { description: 'Which protocols to listen for. Naming one starts only that one; naming none starts both with their defaults.' }),
  max_concurrent_requests: Type.Integer({ default: 256, minimum: 1, description: 'Requests being received or processed at once, over both protocols. More are asked to retry.' }),
  max_in_flight_size: ByteSize({ default: '128MiB', minimum: '1MiB', description: 'Bytes of requests being received or processed at once, decoded columns included. More are asked to retry.' }),
  read_timeout: Duration({ default: '30s', minimum: '1ms', description: 'How long a client may take to send a whole request.' }),
  retry_after: Duration({ default: '1s', description: 'What clients are told to wait when Tapio cannot take a request now and does not know for how long.' })
})

export type Config = Static<typeof schema>
export type GrpcConfig = Static<typeof grpcOptions>
export type HttpConfig = Static<typeof httpOptions>
