/** A started receiver with everything it talks to, and a client that speaks the protocol by hand. */
import { Value } from '@sinclair/typebox/value'
import { Client, credentials, Metadata, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js'
import { systemClock, type Clock } from '../../core/component/clock.js'
import { deadlineIn, RecordingHost, testBench, type TestBench } from '../../core/testing/services.js'
import { encodeHello, readFromServer, type Ack, type Welcome } from '../../core/wire/messages.js'
import { streamMethod } from '../../core/wire/service.js'
import { schema } from './config.js'
import { TapioReceiver } from './receiver.js'

export interface StartedReceiver extends TestBench {
  readonly receiver: TapioReceiver
  readonly endpoint: string
  stop(withinMs?: number): Promise<void>
}

export async function startReceiver (config: object = {}, clock: Clock = systemClock): Promise<StartedReceiver> {
  const bench = testBench('receiver', 'tapio', Value.Default(schema, { endpoint: '127.0.0.1:0', ...config }), { clock })
  const receiver = new TapioReceiver(bench.services)
  await receiver.start(new RecordingHost())
  return { ...bench, receiver, endpoint: `127.0.0.1:${receiver.port}`, stop: (withinMs = 5000) => receiver.stop(deadlineIn(withinMs)) }
}

/** One stream by hand. */
export class TestCollector {
  readonly #client: Client
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #answers: (Welcome | Ack)[] = []
  #waiting: (() => void)[] = []
  #error: ServiceError | undefined

  constructor (endpoint: string, headers: Readonly<Record<string, string>> = {}) {
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    this.#client = new Client(endpoint, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 })
    this.#stream = this.#client.makeBidiStreamRequest(streamMethod.path, streamMethod.requestSerialize, streamMethod.responseDeserialize, metadata)
    this.#stream
      .on('data', (bytes: Buffer) => { const read = readFromServer(bytes); if (read.kind !== 'malformed') this.#answers.push(read); this.#wake() })
      .on('error', (error: ServiceError) => { this.#error = error; this.#wake() })
  }

  send (message: Buffer): void { this.#stream.write(message) }

  async greet (collector: string, epoch = 'e', acked = 0): Promise<Welcome> {
    this.send(encodeHello({ collector, epoch, acked }))
    return await this.next() as Welcome
  }

  /** The next answer; rejects with the status when the stream ends first. */
  async next (): Promise<Welcome | Ack> {
    while (this.#answers.length === 0) {
      if (this.#error !== undefined) throw this.#error
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this.#answers.shift() as Welcome | Ack
  }

  /** Whether an answer is there already. */
  get answered (): boolean { return this.#answers.length > 0 }

  /** The status the stream ends with. */
  async end (): Promise<ServiceError> {
    while (this.#error === undefined) await new Promise<void>(resolve => this.#waiting.push(resolve))
    return this.#error
  }

  close (): void {
    this.#stream.cancel()
    this.#client.close()
  }

  #wake (): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
