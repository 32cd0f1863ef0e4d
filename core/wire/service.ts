/** The gRPC method that carries the messages. They stay bytes in gRPC's eyes: messages.ts reads and writes them. */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'

const bytes = (message: Buffer): Buffer => message

export const streamMethod: MethodDefinition<Buffer, Buffer> = {
  path: '/tapio.wire.v1.Wire/Stream',
  requestStream: true,
  responseStream: true,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes
}

export const wireService: ServiceDefinition = { stream: streamMethod }

/** The port of Tapio's own services (the seed's). */
export const wirePort = 9090

/** What gRPC adds to the largest batch: nothing but its prefix; the rest is room for a Hello. */
export const messageRoom = 64 * 1024
