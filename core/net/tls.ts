/** TLS for servers and clients: the Collector's option names, files read again when they change. */
import { createSecureContext, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { Type, type Static, type TObject } from '@sinclair/typebox'
import type { Clock } from '../component/clock.js'
import { Duration, Enum, Options } from '../config/schema.js'
import type { Logger } from '../telemetry/logger.js'
import { FileWatch } from './file-watch.js'
import { readSecretFile } from './secret-file.js'

const versions = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const satisfies Record<string, SecureVersion>

const file = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const common = {
  min_version: Enum(['1.2', '1.3'] as const, { default: '1.2', description: 'The oldest version of TLS that is spoken.' }),
  reload_interval: Duration({ default: '10s', minimum: '100ms', description: 'How often the files are looked at. A changed certificate serves new connections; open ones stay.' })
}

export const tlsServer = Options({
  cert_file: Type.String({ minLength: 1, description: 'The certificate (PEM), with its intermediates.' }),
  key_file: Type.String({ minLength: 1, description: 'Its private key (PEM).' }),
  client_ca_file: file('Authorities (PEM) of client certificates. Given: a client without a certificate of theirs is turned away (mTLS).'),
  ...common
}, { description: 'TLS. Left out: plain text.' })

/** For a component's own `tls: Section(tlsClient)`. */
export const tlsClient = {
  insecure: Type.Boolean({ default: false, description: 'No TLS. For an endpoint with a scheme, the scheme decides.' }),
  insecure_skip_verify: Type.Boolean({ default: false, description: 'TLS without checking who is at the other end. For tests: anybody in between can read.' }),
  ca_file: file('Authorities (PEM) that the server\'s certificate must come from. Left out: those that Node ships.'),
  cert_file: file('The client\'s own certificate (PEM), for mTLS.'),
  key_file: file('Its private key (PEM).'),
  server_name_override: file('The name that the server\'s certificate must have, when it is not the endpoint\'s host.'),
  ...common
}

export type TlsServerConfig = Static<typeof tlsServer>
export type TlsClientConfig = Static<TObject<typeof tlsClient>>

interface Files { readonly cert_file?: string | undefined, readonly key_file?: string | undefined, readonly ca_file?: string | undefined, readonly min_version: keyof typeof versions, readonly reload_interval: number }

/** Certificates in use. Those of a server are put into it when they change; a client asks for each new connection. */
export class Certificates {
  #options: SecureContextOptions
  #context: SecureContext
  readonly #watch: FileWatch | undefined

  /** Throws, naming the file and the option, when one cannot be read or used. */
  private constructor (files: Files, clock: Clock, logger: Logger, onChange: (options: SecureContextOptions) => void) {
    this.#options = readFiles(files, logger)
    this.#context = createContext(this.#options, files)
    const paths = [files.cert_file, files.key_file, files.ca_file].filter(path => path !== undefined)
    if (paths.length === 0) return
    this.#watch = new FileWatch(paths, files.reload_interval, clock, logger, () => {
      const options = readFiles(files, logger)
      this.#context = createContext(options, files)
      this.#options = options
      onChange(options)
    })
  }

  static ofServer (config: TlsServerConfig, clock: Clock, logger: Logger, onChange: (options: SecureContextOptions) => void): Certificates {
    return new Certificates({ ...config, ca_file: config.client_ca_file }, clock, logger, onChange)
  }

  static ofClient (config: TlsClientConfig, clock: Clock, logger: Logger): Certificates {
    return new Certificates(config, clock, logger, () => {})
  }

  /** For `createServer` and `setSecureContext`. */
  get options (): SecureContextOptions { return this.#options }

  /** For `tls.connect`: reading the files anew for each connection would be wasteful. */
  get context (): SecureContext { return this.#context }

  close (): void { this.#watch?.close() }
}

/** What `tls.createServer` takes beside the certificates. */
export function serverOptions (config: TlsServerConfig): { readonly requestCert: boolean, readonly rejectUnauthorized: boolean } {
  const mutual = config.client_ca_file !== undefined
  return { requestCert: mutual, rejectUnauthorized: mutual }
}

/** What `tls.connect` takes beside the certificates. */
export function clientOptions (config: TlsClientConfig): { readonly rejectUnauthorized: boolean, readonly servername?: string } {
  return { rejectUnauthorized: !config.insecure_skip_verify, ...config.server_name_override === undefined ? {} : { servername: config.server_name_override } }
}

function readFiles (files: Files, logger: Logger): SecureContextOptions {
  const { cert_file: cert, key_file: key, ca_file: ca } = files
  return {
    minVersion: versions[files.min_version],
    ...cert === undefined ? {} : { cert: readSecretFile('tls: cert_file', cert, logger, 'trust') },
    ...key === undefined ? {} : { key: readSecretFile('tls: key_file', key, logger) },
    ...ca === undefined ? {} : { ca: readSecretFile('tls: the CA file', ca, logger, 'trust') }
  }
}

/** OpenSSL's words name no file. */
function createContext (options: SecureContextOptions, files: Files): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    const named = [files.cert_file, files.key_file, files.ca_file].filter(path => path !== undefined).join(', ')
    throw new Error(`tls: ${named} cannot be used: ${(error as Error).message}`, { cause: error })
  }
}
