/** What one cluster and one user of a kubeconfig mean for a connection. */
import { join, isAbsolute } from 'node:path'
import type { Clock } from '../component/clock.js'
import { readGuarded } from '../config/guarded-file.js'
import type { Logger } from '../telemetry/logger.js'
import { AccessFault, serverUrl, type Access, type Credentials, type TlsOptions } from './access.js'
import { ExecCredentials, type ExecCredential, type ExecOptions } from './exec-credential.js'
import { RenewedFile } from './token-file.js'

type Entry = Readonly<Record<string, unknown>>
export type ClusterEntry = Entry
export type UserEntry = Entry

export interface UserAccessOptions {
  readonly cluster: ClusterEntry
  readonly user: UserEntry
  /** How messages name them. */
  readonly clusterPlace: string
  readonly userPlace: string
  /** Relative paths are relative to the file they stand in. */
  readonly clusterDirectory: string
  readonly userDirectory: string
  readonly clock: Clock
  readonly logger: Logger
}

export function userAccess (options: UserAccessOptions): Access {
  const { cluster, user, clusterPlace, userPlace, userDirectory, clock, logger } = options
  const server = serverUrl(text(cluster['server']), `${clusterPlace}, server`)
  if (text(cluster['proxy-url']) !== '') throw new AccessFault(`${clusterPlace}: \`proxy-url\` is not supported; use an address that can be reached directly`)
  if (user['auth-provider'] !== undefined) throw new AccessFault(`${userPlace}: \`auth-provider\` is not supported (kubectl dropped most of them in 1.26); use an \`exec\` credential plugin`)
  const exec = execOf(user, userPlace, userDirectory)
  const program = exec === undefined ? undefined : new ExecCredentials(exec, clock)
  const tokenFile = text(user['tokenFile']) === '' ? undefined : new RenewedFile(at(userDirectory, text(user['tokenFile'])), 'token file', 'secret', clock, logger)
  const tls = new Tls(options)
  return {
    server,
    async credentials () {
      const given = await program?.get()
      const token = tokenFile === undefined ? text(user['token']) : tokenFile.text()
      const authorization = authorizationOf(given?.token ?? token, user)
      return { ...(authorization === undefined ? {} : { authorization }), tls: tls.with(given) }
    },
    refused () {
      program?.expire()
      tokenFile?.expire()
    }
  }
}

/** Certificates are read once; those of a credential program replace the user's. */
class Tls {
  #fixed: TlsOptions | undefined
  #made: { from: ExecCredential, tls: TlsOptions } | undefined

  constructor (readonly options: UserAccessOptions) {}

  with (given: ExecCredential | undefined): Credentials['tls'] {
    const fixed = this.#fixed ??= this.#read()
    if (given?.cert === undefined || given.key === undefined) return fixed
    if (this.#made?.from !== given) this.#made = { from: given, tls: { ...fixed, cert: given.cert, key: given.key } }
    return this.#made.tls
  }

  #read (): TlsOptions {
    const { cluster, user, clusterPlace, userPlace, clusterDirectory, userDirectory, logger } = this.options
    const ca = material(cluster, 'certificate-authority', clusterDirectory, clusterPlace, logger)
    const cert = material(user, 'client-certificate', userDirectory, userPlace, logger)
    const key = material(user, 'client-key', userDirectory, userPlace, logger)
    const servername = text(cluster['tls-server-name'])
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(servername === '' ? {} : { servername }),
      ...(cluster['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {})
    }
  }
}

/** `<key>-data` in base64, or the file `<key>`. */
function material (entry: Entry, key: string, directory: string, place: string, logger: Logger): Buffer | undefined {
  const data = text(entry[`${key}-data`])
  if (data !== '') return Buffer.from(data, 'base64')
  const path = text(entry[key])
  if (path === '') return undefined
  try {
    const file = at(directory, path)
    const { bytes, warning } = readGuarded(file, key === 'client-key' ? 'secret' : 'trust')
    if (warning !== '') logger.warn('a file that grants access to the cluster is exposed', { file, reason: warning })
    return bytes
  } catch (error) {
    throw new AccessFault(`${place}: \`${key}\` cannot be read: ${(error as Error).message}`)
  }
}

function authorizationOf (token: string, user: UserEntry): string | undefined {
  if (token !== '') return `Bearer ${token}`
  const name = text(user['username'])
  return name === '' ? undefined : `Basic ${Buffer.from(`${name}:${text(user['password'])}`).toString('base64')}`
}

function execOf (user: UserEntry, place: string, directory: string): ExecOptions | undefined {
  const exec = user['exec'] as Entry | undefined
  if (typeof exec !== 'object' || exec === null) return undefined
  const command = text(exec['command'])
  if (command === '') throw new AccessFault(`${place}: \`exec\` has no \`command\``)
  const env = Array.isArray(exec['env']) ? exec['env'] as readonly { name?: unknown, value?: unknown }[] : []
  return {
    apiVersion: text(exec['apiVersion']) || 'client.authentication.k8s.io/v1',
    // As exec.Command: with a slash it is a path, and kubectl takes that from the file's folder; else $PATH says.
    command: command.includes('/') ? at(directory, command) : command,
    args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
    env: Object.fromEntries(env.map(e => [text(e.name), text(e.value)])),
    installHint: text(exec['installHint'])
  }
}

const text = (value: unknown): string => typeof value === 'string' ? value : ''
const at = (directory: string, path: string): string => isAbsolute(path) ? path : join(directory, path)
