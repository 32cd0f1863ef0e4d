/** One endpoint: how requests get there, and whether they do. */
import type { Clock } from '../../core/component/clock.js'
import type { Services } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import type { Config } from './config.js'
import type { Credentials } from '../../core/net/credentials.js'
import { GrpcSender } from './grpc-sender.js'
import { Health } from './health.js'
import { HttpSender } from './http-sender.js'
import type { Sender, SenderOptions, Sent } from './sender.js'

/** How long an endpoint that fails is passed over before a request tries it again, where others may take its rows. */
const probeAfterMs = 5000

export class Backend {
  readonly #sender: Sender
  readonly #health: Health
  readonly #clock: Clock
  #avoidUntilMs = -Infinity

  constructor (readonly endpoint: string, config: Config, credentials: Credentials, status: StatusReporter, services: Services) {
    this.#clock = services.get('clock')
    this.#health = new Health(status, services.get('logger'), this.#clock)
    this.#sender = createSender(endpoint, config, credentials, this.#clock)
  }

  /** False for a while after requests could not get there. */
  get usable (): boolean { return this.#clock.monotonicMs() >= this.#avoidUntilMs }

  async send (request: FramedRequest, signal: AbortSignal): Promise<Sent> {
    const sent = await this.#sender.send(request, signal)
    this.#avoidUntilMs = sent.status === 'retry' && !sent.reachable ? this.#clock.monotonicMs() + probeAfterMs : -Infinity
    return sent
  }

  saw (sent: Sent): void { this.#health.saw(sent) }

  close (): void { this.#sender.close() }
}

/** Health of several endpoints as that of one exporter: it fails while one of them does. */
export class SharedStatus {
  readonly #failing = new Map<string, string>()
  #told: boolean | undefined

  constructor (readonly status: StatusReporter) {}

  /** The view of one endpoint. `named`: reasons then say which. */
  of (endpoint: string, named: boolean): StatusReporter {
    return {
      ok: () => { this.#failing.delete(endpoint); this.#tell() },
      degraded: reason => this.status.degraded(reason),
      recoverableError: reason => { this.#failing.set(endpoint, named ? `${endpoint}: ${reason}` : reason); this.#tell() },
      permanentError: reason => this.status.permanentError(reason)
    }
  }

  #tell (): void {
    const [reason] = this.#failing.values()
    if (reason === undefined) this.status.ok()
    else if (this.#told !== false) this.status.recoverableError(reason)
    this.#told = reason === undefined
  }
}

function createSender (endpoint: string, config: Config, credentials: Credentials, clock: Clock): Sender {
  const { headers, protocol, timeout: timeoutMs, max_concurrent_requests: maxSockets, connections, keepalive } = config
  const options: SenderOptions = { endpoint, headers, compression: config.compression, timeoutMs, insecure: config.tls.insecure, credentials }
  if (protocol !== 'grpc') return new HttpSender(options, protocol === 'http/json', maxSockets)
  return new GrpcSender({
    ...options,
    connections,
    keepalive: { timeMs: keepalive.time, timeoutMs: keepalive.timeout, permitWithoutStream: keepalive.permit_without_stream },
    clock
  })
}
