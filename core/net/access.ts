/** Who may come in, and how it is kept secret: the certificates and credentials of one listener, read when it starts. */
import type { SecureContextOptions } from 'node:tls'
import type { Clock } from '../component/clock.js'
import { Authenticator, type ServerAuthConfig } from './auth.js'
import { Certificates, serverOptions, type TlsServerConfig } from './tls.js'
import type { Logger } from '../telemetry/logger.js'

export interface AccessConfig { readonly tls?: TlsServerConfig, readonly auth?: ServerAuthConfig }

/** The part of a TLS server that changes its certificates: open connections keep theirs. */
interface SecureServer { setSecureContext(options: SecureContextOptions): void }

export class Access {
  #authenticator: Authenticator | undefined
  #certificates: Certificates | undefined

  constructor (readonly config: AccessConfig, readonly clock: Clock, readonly logger: Logger) {}

  get secure (): boolean { return this.config.tls !== undefined }

  /** What the server is created with; its certificates come with `open`. */
  get tlsOptions (): ReturnType<typeof serverOptions> {
    return this.config.tls === undefined ? { requestCert: false, rejectUnauthorized: false } : serverOptions(this.config.tls)
  }

  /** Reads the files. Throws, naming the file and the option, when one cannot be used. `server` must be a TLS one if `tls` is set. */
  open (server: object): void {
    const { config: { tls, auth }, clock, logger } = this
    if (auth !== undefined) this.#authenticator = new Authenticator(auth, clock, logger)
    if (tls === undefined) return
    const secured = server as SecureServer
    this.#certificates = Certificates.ofServer(tls, clock, logger, options => secured.setSecureContext(options))
    secured.setSecureContext(this.#certificates.options)
  }

  allows (authorization: string | undefined): boolean {
    return this.#authenticator === undefined || this.#authenticator.allows(authorization)
  }

  close (): void {
    this.#authenticator?.close()
    this.#certificates?.close()
  }
}
