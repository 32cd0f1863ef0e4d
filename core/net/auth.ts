/** Who may call a server: bearer tokens and basic credentials, checked against the `authorization` header. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { Type, type Static } from '@sinclair/typebox'
import type { Clock } from '../component/clock.js'
import { Duration, Options, Secret } from '../config/schema.js'
import type { Logger } from '../telemetry/logger.js'
import { FileWatch } from './file-watch.js'
import { readSecretFile } from './secret-file.js'

export const serverAuth = Options({
  bearer_tokens: Type.Array(Secret(), { default: [], description: 'Tokens that are let in as `authorization: Bearer …`.' }),
  bearer_token_file: Type.Optional(Type.String({ minLength: 1, description: 'A file with one token a line, read again when it changes.' })),
  basic: Type.Record(Type.String({ minLength: 1 }), Secret(), { default: {}, description: 'User names with their passwords, let in as `authorization: Basic …`.' }),
  reload_interval: Duration({ default: '10s', minimum: '100ms', description: 'How often the token file is looked at.' })
}, { description: 'Who may send. Left out: everybody. Use it with `tls`, or what is sent can be read and repeated by others.' })

export type ServerAuthConfig = Static<typeof serverAuth>

/** What a caller is told who is not let in. */
export const challenge = 'Bearer realm="tapio", Basic realm="tapio"'

/** Compares digests: all of one length, so that neither the time nor the length of a guess tells anything. */
export class Authenticator {
  readonly #fixed: readonly Buffer[]
  readonly #file: FileWatch | undefined
  #fromFile: readonly Buffer[] = []

  /** Throws when the token file cannot be read. */
  constructor (config: ServerAuthConfig, clock: Clock, logger: Logger) {
    this.#fixed = [
      ...config.bearer_tokens.map(token => digest(`Bearer ${token}`)),
      ...Object.entries(config.basic).map(([user, password]) => digest(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`))
    ]
    const { bearer_token_file: path } = config
    if (path === undefined) return
    this.#fromFile = tokensOf(path, logger)
    this.#file = new FileWatch([path], config.reload_interval, clock, logger, () => { this.#fromFile = tokensOf(path, logger) })
  }

  /** Whether a request with this `authorization` header may pass. */
  allows (authorization: string | undefined): boolean {
    if (authorization === undefined) return false
    const [scheme = '', ...rest] = authorization.split(' ')
    const given = digest(`${schemes[scheme.toLowerCase()] ?? scheme} ${rest.join(' ').trim()}`)
    let allowed = false
    for (const known of [...this.#fixed, ...this.#fromFile]) if (timingSafeEqual(given, known)) allowed = true
    return allowed
  }

  close (): void { this.#file?.close() }
}

/** Schemes are case-insensitive (RFC 9110 section 11.1). */
const schemes: Readonly<Record<string, string>> = { bearer: 'Bearer', basic: 'Basic' }

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function tokensOf (path: string, logger: Logger): Buffer[] {
  return readSecretFile('auth: bearer_token_file', path, logger).toString('utf8').split('\n').map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#')).map(token => digest(`Bearer ${token}`))
}
