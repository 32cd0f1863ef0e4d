/** Says so once when nobody tells the engine about rows: the `context` processor is missing in front. */
import type { StatusReporter } from '../component/status.js'
import type { Logger } from '../telemetry/logger.js'
import type { Engine } from './engine.js'

/** Rows without a time prove nothing, a few of them come first everywhere. */
const rowsToBeSure = 1000

export class FedCheck {
  #rows = 0
  #isTold = false

  constructor (readonly engine: Engine, readonly type: string, readonly logger: Logger, readonly status: StatusReporter) {}

  saw (rows: number): void {
    if (this.#rows < 0) return
    if (this.engine.nowMs > -Infinity) {
      this.#rows = -1
      if (this.#isTold) this.status.ok()
      return
    }
    this.#rows += rows
    if (this.#isTold || this.#rows < rowsToBeSure) return
    this.#isTold = true
    const problem = `${this.type} has nothing to work on: no context processor feeds it; put \`context\` in front of it in the same pipeline`
    this.logger.error(problem)
    this.status.recoverableError(problem)
  }
}
