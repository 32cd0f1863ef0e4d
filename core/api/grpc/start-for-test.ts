/** A GrpcServer on loopback with the EventService given, and a client that knows nothing but methods. */
import { fromBinary, type DescMethod, type DescMethodBiDiStreaming, type DescMethodServerStreaming, type DescMethodUnary, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import { Client, credentials, Metadata, type CallOptions, type ChannelCredentials, type ClientDuplexStream, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js'
import { systemClock } from '../../component/clock.js'
import { deadlineIn, RecordingLogger } from '../../testing/services.js'
import type { Credentials, Gate } from '../access/gate.js'
import { serve, type ApiError, type Implementation } from '../call.js'
import { Dispatcher } from '../dispatch.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { StatusSchema, type Status } from '../gen/google/rpc/status_pb.js'
import { methodDefinition } from './definition.js'
import { GrpcServer, type GrpcServerOptions } from './server.js'

export interface StartOptions extends Partial<Omit<GrpcServerOptions, 'dispatcher' | 'logger'>> {
  readonly methods?: Partial<Implementation<typeof EventService>>
  /** What the gate says to all. */
  readonly refuse?: ApiError
}

export interface Started {
  readonly server: GrpcServer
  readonly endpoint: string
  readonly logger: RecordingLogger
  /** `GetEvent OK` of each call that ended. */
  readonly counted: readonly string[]
  readonly callers: readonly Credentials[]
  /** Resolves when the next call has ended. */
  ended(): Promise<void>
  stop(): Promise<void>
}

export async function startServer ({ methods = {}, refuse, ...options }: StartOptions = {}): Promise<Started> {
  const logger = new RecordingLogger()
  const counted: string[] = []
  const callers: Credentials[] = []
  let waiting: (() => void)[] = []
  const gate: Gate = {
    enter: (_, shown) => {
      callers.push(shown)
      if (refuse !== undefined) throw refuse
      return { caller: { name: 'test', address: shown.address, scope: 'admin' }, end: () => undefined }
    },
    audit: () => undefined
  }
  const recorder = {
    begin: () => undefined,
    end: (method: DescMethod, code: string) => {
      counted.push(`${method.name} ${code}`)
      for (const resolve of waiting.splice(0)) resolve()
    }
  }
  const missing = (): never => { throw new Error('not in this test') }
  const all: Implementation<typeof EventService> = { getEvents: missing, getEvent: missing, getStatistics: missing, subscribe: missing, submitEventBatch: missing, streamEvents: missing, ...methods }
  const dispatcher = new Dispatcher({ services: [serve(EventService, all)], gate, recorder, logger })
  const server = new GrpcServer({ endpoint: '127.0.0.1:0', health: () => Promise.resolve({ ready: true }), clock: systemClock, ...options, dispatcher, logger })
  const port = await server.start()
  const endpoint = options.endpoint?.startsWith('unix:') === true ? options.endpoint : `127.0.0.1:${port}`
  return {
    server, endpoint, logger, counted, callers,
    ended: () => new Promise(resolve => { waiting.push(resolve) }),
    stop: async () => { waiting = []; await server.stop(deadlineIn(5000)) }
  }
}

export class TestClient {
  readonly client: Client

  constructor (endpoint: string, channel: ChannelCredentials = credentials.createInsecure(), readonly headers: Readonly<Record<string, string>> = {}) {
    this.client = new Client(endpoint, channel, { 'grpc.max_receive_message_length': -1 })
  }

  unary<M extends DescMethodUnary> (method: M, request: MessageInitShape<M['input']>, options: CallOptions = {}): Promise<MessageShape<M['output']>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request as never, this.#metadata(), options, (error, answer) => {
        if (error === null) resolve(answer as MessageShape<M['output']>)
        else reject(error)
      })
    })
  }

  /** With bytes for a request. */
  raw (method: DescMethodUnary, bytes: Uint8Array): Promise<Buffer> {
    const same = (b: Buffer): Buffer => b
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(methodDefinition(method).path, same, same, Buffer.from(bytes), this.#metadata(), (error, answer) => { if (error === null) resolve(answer as Buffer); else reject(error) })
    })
  }

  stream<M extends DescMethodServerStreaming> (method: M, request: MessageInitShape<M['input']>, options: CallOptions = {}): ClientReadableStream<MessageShape<M['output']>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    return this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request as never, this.#metadata(), options) as unknown as ClientReadableStream<MessageShape<M['output']>>
  }

  bothWays<M extends DescMethodBiDiStreaming> (method: M, options: CallOptions = {}): ClientDuplexStream<MessageInitShape<M['input']>, MessageShape<M['output']>> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    return this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, this.#metadata(), options) as unknown as ClientDuplexStream<MessageInitShape<M['input']>, MessageShape<M['output']>>
  }

  close (): void { this.client.close() }

  #metadata (): Metadata {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(this.headers)) metadata.set(name, value)
    return metadata
  }
}

/** How a call failed; resolves with undefined when it did not. */
export function failureOf (work: Promise<unknown>): Promise<ServiceError | undefined> {
  return work.then(() => undefined, (error: unknown) => error as ServiceError)
}

export async function readAll<T> (stream: AsyncIterable<unknown>): Promise<T[]> {
  const all: T[] = []
  for await (const message of stream) all.push(message as T)
  return all
}

export function detailsOf (error: ServiceError | undefined): Status | undefined {
  const [bytes] = error?.metadata.get('grpc-status-details-bin') ?? []
  return bytes === undefined ? undefined : fromBinary(StatusSchema, bytes as Buffer)
}
