/** Bearer tokens by name. Compares digests: all of one length, so that neither the time nor the length of a guess tells anything. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../component/clock.js'
import { FileWatch } from '../../net/file-watch.js'
import { readSecretFile } from '../../net/secret-file.js'
import type { Logger } from '../../telemetry/logger.js'
import { tokenFault, type ApiConfig, type GrantedScope } from '../config.js'

export interface Identity { readonly name: string, readonly scope: GrantedScope }

type TokenConfig = NonNullable<ApiConfig['auth']>['tokens'][number]

interface Known extends Identity { digest: Buffer }

export class Tokens {
  readonly #known: readonly Known[]
  readonly #watches: readonly FileWatch[]

  /** Throws, naming the token and its file, when a file cannot be used. */
  constructor (tokens: readonly TokenConfig[], reloadMs: number, clock: Clock, logger: Logger) {
    this.#known = tokens.map(({ name, scope, token, token_file: path }) => ({ name, scope, digest: digest(token ?? readToken(name, path as string, logger)) }))
    this.#watches = tokens.flatMap(({ name, token_file: path }, i) => path === undefined
      ? []
      : [new FileWatch([path], reloadMs, clock, logger, () => { (this.#known[i] as Known).digest = digest(readToken(name, path, logger)) })])
  }

  /** Whose the header's token is; undefined when it is nobody's, or no bearer token. */
  find (authorization: string): Identity | undefined {
    // Schemes are case-insensitive (RFC 9110 section 11.1).
    const given = digest(/^bearer +(.*)$/i.exec(authorization)?.[1]?.trim() ?? '')
    let found: Identity | undefined
    for (const { name, scope, digest: known } of this.#known) if (timingSafeEqual(given, known)) found ??= { name, scope }
    return found
  }

  close (): void { for (const watch of this.#watches) watch.close() }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function readToken (name: string, path: string, logger: Logger): string {
  const text = readSecretFile(`service.api.auth: token ${JSON.stringify(name)}: token_file`, path, logger).toString('utf8').trim()
  const fault = tokenFault(text)
  if (fault !== '') throw new Error(`service.api.auth: what token_file "${path}" of ${JSON.stringify(name)} holds ${fault}`)
  return text
}
