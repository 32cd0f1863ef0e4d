/** Whom a client trusts and how it proves itself: certificates and a token, read again when their files change. */
import type { ConnectionOptions } from 'node:tls'
import { Type, type Static } from '@sinclair/typebox'
import type { Clock } from '../component/clock.js'
import { Duration, Section } from '../config/schema.js'
import type { Logger } from '../telemetry/logger.js'
import { FileWatch } from './file-watch.js'
import { readSecretFile } from './secret-file.js'
import { Certificates, clientOptions, type TlsClientConfig } from './tls.js'

/** For a component's own `auth`. */
export const clientAuth = Section({
  bearer_token_file: Type.Optional(Type.String({ minLength: 1, description: 'A file with a token, sent as `authorization: Bearer …` and read again when it changes.' })),
  reload_interval: Duration({ default: '10s', minimum: '100ms', description: 'How often the token file is looked at.' })
})

export interface ClientCredentials { readonly tls: TlsClientConfig, readonly auth: Static<typeof clientAuth> }

interface Opened { readonly certificates: Certificates, readonly tokenWatch: FileWatch | undefined }

export class Credentials {
  #opened: Opened | undefined
  #headers: Readonly<Record<string, string>> = {}

  constructor (readonly config: ClientCredentials, readonly clock: Clock, readonly logger: Logger) {}

  /** Reads the files and begins to watch them. Throws, naming the option and the file, when one cannot be used. */
  open (): void { this.#opened ??= this.#read() }

  /** For a new TLS connection. */
  get tls (): ConnectionOptions {
    this.open()
    return { ...clientOptions(this.config.tls), secureContext: (this.#opened as Opened).certificates.context }
  }

  /** For every request. */
  get headers (): Readonly<Record<string, string>> {
    this.open()
    return this.#headers
  }

  close (): void {
    this.#opened?.certificates.close()
    this.#opened?.tokenWatch?.close()
  }

  #read (): Opened {
    const { tls, auth } = this.config
    const path = auth.bearer_token_file
    if (path !== undefined) this.#headers = bearer(path, this.logger)
    const certificates = Certificates.ofClient(tls, this.clock, this.logger)
    if (path === undefined) return { certificates, tokenWatch: undefined }
    return { certificates, tokenWatch: new FileWatch([path], auth.reload_interval, this.clock, this.logger, () => { this.#headers = bearer(path, this.logger) }) }
  }
}

function bearer (path: string, logger: Logger): Readonly<Record<string, string>> {
  const token = readSecretFile('auth: bearer_token_file', path, logger).toString('utf8').trim()
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`auth: bearer_token_file "${path}" must hold one token of printable characters, and nothing else`)
  return { authorization: `Bearer ${token}` }
}
