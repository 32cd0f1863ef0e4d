/** The tapio receiver: a server, and what it knows of its collectors. */
import type { Component, Deadline, Host } from '../../core/component/component.js'
import { answerer } from '../../core/component/questions.js'
import type { Services } from '../../core/component/services.js'
import { Access } from '../../core/net/access.js'
import { Collectors } from './collectors.js'
import type { Config } from './config.js'
import { ReceiverMetrics } from './metrics.js'
import { WireServer } from './server.js'

export class TapioReceiver implements Component {
  /** Known after `start`: what port 0 became. */
  port = 0
  readonly #services: Services
  readonly #collectors: Collectors
  readonly #server: WireServer
  #stopped: Promise<void> | undefined

  constructor (services: Services) {
    this.#services = services
    const config = services.get('config') as Config
    const [clock, logger, status] = [services.get('clock'), services.get('logger'), services.get('status')]
    const metrics = new ReceiverMetrics(services.get('meter'))
    const shared = { clock, logger, metrics, remembered: config.remembered_events, pressure: services.get('pressure') }
    this.#collectors = new Collectors({ ...shared, next: services.get('next'), status, maxCollectors: config.max_collectors, stateFile: config.state_file, fsync: config.fsync })
    this.#server = new WireServer({ ...shared, config, access: new Access(config, clock, logger), collectors: this.#collectors, helloTimeoutMs: config.hello_timeout, maxBytes: config.max_batch_size })
  }

  readonly answer = answerer({ 'collectors.list': () => this.#collectors.remotes })

  get collectors (): number { return this.#server.collectors }

  async start (_host: Host): Promise<void> {
    try {
      this.#collectors.open()
      this.port = await this.#server.start()
    } catch (error) {
      await this.stop({ signal: AbortSignal.abort(), atMs: 0 })
      throw error
    }
    this.#services.get('logger').info('listening', { protocol: 'tapio', endpoint: (this.#services.get('config') as Config).endpoint, port: this.port })
    this.#services.get('status').ok()
  }

  stop (deadline: Deadline): Promise<void> {
    this.#stopped ??= this.#server.stop(deadline).finally(() => this.#collectors.close())
    return this.#stopped
  }
}
