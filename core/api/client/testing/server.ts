/** A gRPC server on loopback with handlers of a test's own: for what a well-made server would not do. */
import { create, toBinary, type DescService } from '@bufbuild/protobuf'
import { anyPack, DurationSchema } from '@bufbuild/protobuf/wkt'
import { Metadata, Server, ServerCredentials, type ServiceError, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { RetryInfoSchema } from '../../gen/google/rpc/error_details_pb.js'
import { StatusSchema } from '../../gen/google/rpc/status_pb.js'
import { serviceDefinition } from '../../grpc/definition.js'

export interface RawServer {
  readonly port: number
  /** `127.0.0.1:PORT`. */
  readonly endpoint: string
  /** Breaks every connection. */
  stop(): void
}

export async function startServer (service: DescService, handlers: UntypedServiceImplementation, { credentials = ServerCredentials.createInsecure(), port = 0 }: { readonly credentials?: ServerCredentials, readonly port?: number } = {}): Promise<RawServer> {
  const server = new Server()
  server.addService(serviceDefinition(service), handlers)
  const bound = await new Promise<number>((resolve, reject) => server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) => { if (error === null) resolve(at); else reject(error) }))
  return { port: bound, endpoint: `127.0.0.1:${bound}`, stop: () => server.forceShutdown() }
}

/** What a handler answers to refuse; `retryMs` goes into RetryInfo. */
export function refusal (code: number, details: string, retryMs?: number): Partial<ServiceError> {
  if (retryMs === undefined) return { code, details }
  const metadata = new Metadata()
  const retry = anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: create(DurationSchema, { seconds: BigInt(Math.floor(retryMs / 1000)), nanos: (retryMs % 1000) * 1e6 }) }))
  metadata.set('grpc-status-details-bin', Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message: details, details: [retry] }))))
  return { code, details, metadata }
}
