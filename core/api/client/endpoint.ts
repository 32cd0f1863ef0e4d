/** Where a server is and how to speak to it, as people say it. */
import { readGuarded } from '../../config/guarded-file.js'
import { parseTarget, splitUnix } from '../../net/target.js'

export const defaultServer = '127.0.0.1:9090'

export interface ServerAddress {
  /** `host:port`, `http(s)://host:port` or `unix:///path`. Without a scheme: plain text to loopback unless an option of TLS is set, TLS elsewhere. */
  readonly endpoint: string
  /** TLS, also to loopback. */
  readonly tls?: boolean
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  /** The name in the server's certificate, when it is not the host. */
  readonly serverName?: string
  readonly skipVerify?: boolean
  /** Sent as `authorization: Bearer …`. */
  readonly token?: string
  /** Holds the token; wins. */
  readonly tokenFile?: string
}

export interface Endpoint {
  readonly where: string
  /** As grpc-js wants it. */
  readonly target: string
  readonly secure: boolean
  /** The host alone, without brackets. */
  readonly host: string
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/
const form = /^(https?:\/\/)?([^/:\s[\]]+|\[[^\]\s]+\]):\d{1,5}\/?$/

/** Throws an Error for people, naming the flag, when the address cannot be meant. */
export function endpointOf (address: ServerAddress): Endpoint {
  const { endpoint, certFile, keyFile, tls } = address
  const path = splitUnix(endpoint)
  if (path === undefined ? !form.test(endpoint) : path === '') throw new Error(`--server "${endpoint}" is not host:port, https://host:port, http://host:port or unix:///path`)
  if ((certFile === undefined) !== (keyFile === undefined)) throw new Error(certFile === undefined ? '--key-file is of no use without --cert-file' : '--cert-file is of no use without --key-file')
  const wantsTls = tls === true || address.skipVerify === true || [address.caFile, certFile, address.serverName].some(option => option !== undefined)
  const { secure, authority, host } = parseTarget(endpoint, !wantsTls && loopback.test(parseTarget(endpoint, true).host))
  if (wantsTls && !secure) throw new Error(path === undefined ? `--server "${endpoint}" says plain text, other options say TLS: write https:// or leave the scheme out` : `--server "${endpoint}" is a socket of this machine, which is spoken to in plain text: leave the options of TLS out`)
  if (path !== undefined) return { where: endpoint, target: `unix:${path}`, secure, host }
  return { where: authority, target: /^\[|^[\d.]+:/.test(authority) ? authority : `dns:${authority}`, secure, host }
}

/** Throws an Error for people when the file cannot be read or holds no token. */
export function tokenOf ({ token, tokenFile }: ServerAddress): string | undefined {
  const text = (tokenFile === undefined ? token : readOption('--token-file', tokenFile).toString('utf8'))?.trim()
  if (text === undefined || (tokenFile === undefined && text === '')) return undefined
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error(`${tokenFile === undefined ? 'TAPIO_TOKEN' : `--token-file "${tokenFile}"`} must hold one token of printable characters, and nothing else`)
  return text
}

/** Throws an Error that names the flag and the file, also when everybody may replace it. Who else can read it is its owner's business: a command is no place to say so each time. */
export function readOption (flag: string, path: string): Buffer {
  try {
    return readGuarded(path, 'trust', 'warn').bytes
  } catch (error) {
    throw new Error(`${flag} "${path}" cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
