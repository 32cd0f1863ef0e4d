/** A server as `service.api` makes it, over gRPC on loopback: real methods over a store and a host of the services' tests. */
import { systemClock } from '../../../component/clock.js'
import { createServices, type ReadableStore } from '../../../api/services/index.js'
import { FakeHost } from '../../../api/services/testing/bench.js'
import type { Gate } from '../../../api/access/gate.js'
import { ApiError } from '../../../api/call.js'
import { Dispatcher } from '../../../api/dispatch.js'
import { GrpcServer } from '../../../api/grpc/server.js'
import { deadlineIn, RecordingLogger } from '../../../testing/services.js'

export interface ApiServer {
  readonly endpoint: string
  readonly port: number
  stop(): Promise<void>
}

/** With a token only who shows it may ask. */
export async function serveApi (store: ReadableStore | undefined, { host = new FakeHost(), token, port = 0 }: { readonly host?: FakeHost, readonly token?: string, readonly port?: number } = {}): Promise<ApiServer> {
  const logger = new RecordingLogger()
  const gate: Gate = {
    enter: (_method, { authorization, address }) => {
      if (token !== undefined && authorization !== `Bearer ${token}`) throw new ApiError('UNAUTHENTICATED', 'a token is needed')
      return { caller: { name: 'test', address, scope: 'admin' }, end: () => undefined }
    },
    audit: () => undefined
  }
  const limits = { maxRequestBytes: 4n << 20n, maxPageSize: 1000, maxBatchEvents: 10_000, maxStreamsPerClient: 10, requestsPerSecond: 0 }
  const dispatcher = new Dispatcher({ services: createServices({ host, store, clock: systemClock, logger, limits, modules: [] }), gate, recorder: { begin: () => undefined, end: () => undefined }, logger })
  const server = new GrpcServer({ dispatcher, endpoint: `127.0.0.1:${port}`, health: () => Promise.resolve({ ready: true }), clock: systemClock, logger })
  const bound = await server.start()
  return { port: bound, endpoint: `127.0.0.1:${bound}`, stop: () => server.stop(deadlineIn(2000)) }
}
