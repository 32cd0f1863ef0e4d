/** gRPC's health service, `''` and each service by name: SERVING while Tapio is ready. */
import { HealthImplementation, type ServingStatus } from 'grpc-health-check'
import type { Clock } from '../../component/clock.js'
import type { Readiness } from '../../telemetry/health.js'
import type { LibraryStreams } from './library-streams.js'

export interface HealthOptions {
  readonly services: readonly string[]
  readonly read: () => Promise<Pick<Readiness, 'ready'>>
  readonly clock: Clock
}

const intervalMs = 1000
/** Who does not say in time how it is, is not well. */
const patienceMs = 5000

export class HealthService {
  readonly #names: readonly string[]
  readonly #implementation: HealthImplementation
  #status: ServingStatus = 'NOT_SERVING'
  #cancel: () => void = () => undefined
  #stopped = false

  constructor (readonly options: HealthOptions) {
    this.#names = ['', ...options.services]
    this.#implementation = new HealthImplementation(Object.fromEntries(this.#names.map(name => [name, 'NOT_SERVING'])))
  }

  addTo (streams: LibraryStreams): void { this.#implementation.addToServer(streams.adder()) }

  /** Reads again and again; resolves after the first time. */
  async start (): Promise<void> {
    this.#set(await this.#ready() ? 'SERVING' : 'NOT_SERVING')
    if (!this.#stopped) this.#cancel = this.options.clock.after(intervalMs, () => { void this.start() })
  }

  stop (): void {
    this.#set('NOT_SERVING')
    this.#stopped = true
    this.#cancel()
  }

  async #ready (): Promise<boolean> {
    let cancel: () => void = () => undefined
    const late = new Promise<false>(resolve => { cancel = this.options.clock.after(patienceMs, () => { resolve(false) }) })
    try {
      return await Promise.race([late, this.options.read().then(({ ready }) => ready)])
    } catch {
      return false
    } finally {
      cancel()
    }
  }

  #set (status: ServingStatus): void {
    if (this.#stopped || status === this.#status) return
    this.#status = status
    for (const name of this.#names) this.#implementation.setStatus(name, status)
  }
}
