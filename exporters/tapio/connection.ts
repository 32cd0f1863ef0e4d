/** One connection to the server: Hello, Welcome, then batches out and acknowledgements in, until it ends. */
import type { Client, ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import type { Clock } from '../../core/component/clock.js'
import type { Credentials } from '../../core/net/credentials.js'
import { encodeHello, readFromServer, wireVersion, type Ack, type Hello, type Welcome } from '../../core/wire/messages.js'
import { streamMethod } from '../../core/wire/service.js'
import type { Config } from './config.js'
import { dial, metadataOf } from './dial.js'

export interface ConnectionEvents {
  /** Answers what is wrong with it, when something is. */
  welcome(welcome: Welcome): string | undefined
  ack(ack: Ack): string | undefined
  /** Once, whatever happened. */
  end(reason: string): void
}

export class Connection {
  readonly #client: Client
  readonly #stream: ClientDuplexStream<Buffer, Buffer>
  readonly #cancelTimer: () => void
  #welcomed = false
  #ended = false

  /** Throws when the certificates or the token cannot be used. */
  constructor (config: Config, credentials: Credentials, clock: Clock, hello: Omit<Hello, 'kind' | 'version'>, readonly events: ConnectionEvents) {
    const metadata = metadataOf(credentials)
    this.#client = dial(config, credentials)
    this.#stream = this.#client.makeBidiStreamRequest(streamMethod.path, streamMethod.requestSerialize, streamMethod.responseDeserialize, metadata)
    this.#cancelTimer = clock.after(config.connect_timeout, () => { if (!this.#welcomed) this.end(`no answer within ${config.connect_timeout} ms`) })
    this.#stream
      .on('data', (bytes: Buffer) => this.#onMessage(bytes))
      .on('error', (error: ServiceError) => this.end(error.details === undefined || error.details === '' ? error.message : error.details))
      .on('end', () => this.end('the server has ended the stream'))
    this.#stream.write(encodeHello(hello))
  }

  get welcomed (): boolean { return this.#welcomed && !this.#ended }

  /** What cannot be sent any more is sent again on the next connection. */
  send (message: Buffer): void {
    if (!this.#ended) this.#stream.write(message)
  }

  end (reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelTimer()
    this.#stream.cancel()
    this.#client.close()
    this.events.end(reason)
  }

  #onMessage (bytes: Buffer): void {
    if (this.#ended) return
    const message = readFromServer(bytes)
    const fault = message.kind === 'malformed' ? message.reason : message.kind === 'ack' ? this.#onAck(message) : this.#onWelcome(message)
    if (fault !== undefined) this.end(`the server does not keep to the protocol: ${fault}`)
  }

  #onAck (ack: Ack): string | undefined {
    return this.#welcomed ? this.events.ack(ack) : 'an acknowledgement before the welcome'
  }

  #onWelcome (welcome: Welcome): string | undefined {
    if (welcome.version !== wireVersion) return `it speaks version ${welcome.version}, this build version ${wireVersion}`
    if (this.#welcomed) return 'a second welcome'
    this.#welcomed = true
    this.#cancelTimer()
    return this.events.welcome(welcome)
  }
}
