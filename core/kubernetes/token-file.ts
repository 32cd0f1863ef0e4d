import type { Clock } from '../component/clock.js'
import { readGuarded, type Guarded } from '../config/guarded-file.js'
import type { Logger } from '../telemetry/logger.js'
import { AccessFault } from './access.js'

/** The kubelet renews a token when 80 % of its hour has passed; client-go looks once a minute (oauth2 cachingTokenSource). */
const maxAgeMs = 60_000

/** A file that somebody renews (service account token, CA bundle), read again when it is a minute old. An exposed one is said once. */
export class RenewedFile {
  #text = ''
  #readAtMs = -Infinity
  #warned = ''

  constructor (readonly path: string, readonly what: string, readonly holds: Guarded, readonly clock: Clock, readonly logger: Logger) {}

  text (): string {
    if (this.clock.monotonicMs() - this.#readAtMs < maxAgeMs) return this.#text
    try {
      const text = this.#read()
      if (text === '') throw new AccessFault(`${this.what} ${this.path} is empty`)
      this.#text = text
      this.#readAtMs = this.clock.monotonicMs()
    } catch (error) {
      // A file being replaced is not worth an outage while the last one may still be good.
      if (this.#text === '') throw error instanceof AccessFault ? error : new AccessFault(`${this.what} ${this.path} cannot be read: ${(error as Error).message}`)
    }
    return this.#text
  }

  /** Read it again at the next question. */
  expire (): void { this.#readAtMs = -Infinity }

  #read (): string {
    const { bytes, warning } = readGuarded(this.path, this.holds)
    if (warning !== this.#warned && warning !== '') this.logger.warn('a file that grants access to the cluster is exposed', { file: this.path, reason: warning })
    this.#warned = warning
    return bytes.toString('utf8').trim()
  }
}
