/** Where a command's answers come from: a running Tapio, or a store on this machine. */
import { Option, type Command } from 'commander'
import type { ApiClient } from '../../api/client/client.js'
import { defaultServer, endpointOf, type ServerAddress } from '../../api/client/endpoint.js'
import type { CommandIo } from '../io.js'

export const defaultStoreDirectory = '/var/lib/tapio/store'

export interface ServerOptions {
  readonly server?: string
  readonly tokenFile?: string
  readonly tls?: true
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly serverName?: string
  readonly insecureSkipVerify?: true
}

export interface SourceOptions extends ServerOptions { readonly store?: string }

export type Source =
  | { readonly kind: 'server', readonly address: ServerAddress }
  | { readonly kind: 'store', readonly directory: string }

/** Rejects with an Error whose message is for people. */
export type OpenApi = (source: Source, io: CommandIo) => Promise<ApiClient>

const group = 'Where to ask:'

/** `--store` only for what a store can answer. */
export function addSourceOptions (command: Command, hasStore: boolean): Command {
  const secured = ['tls', 'caFile', 'certFile', 'keyFile', 'serverName', 'insecureSkipVerify', 'tokenFile']
  const options = [
    new Option('--server <endpoint>', `a running Tapio: host:port, http(s)://host:port or unix:///path (default: TAPIO_SERVER${hasStore ? '' : `, or ${defaultServer}`}); TLS unless it is this machine`),
    ...(hasStore ? [new Option('--store <directory>', `of a store exporter, with or without a Tapio that runs (default: ${defaultStoreDirectory}, when there is no server)`).conflicts(['server', ...secured])] : []),
    new Option('--token-file <file>', 'a file with a bearer token (default: the token in TAPIO_TOKEN)'),
    new Option('--tls', 'TLS, also to this machine'),
    new Option('--ca-file <file>', 'authorities (PEM) of the server\'s certificate (default: those that Node ships)'),
    new Option('--cert-file <file>', 'own certificate (PEM)'),
    new Option('--key-file <file>', 'its private key (PEM)'),
    new Option('--server-name <name>', 'the name in the server\'s certificate, when it is not the host'),
    new Option('--insecure-skip-verify', 'TLS without checking who is at the other end')
  ]
  for (const option of options) command.addOption(option.helpGroup(group))
  return command
}

/** Throws an Error for people when the flags contradict each other. `fallback`: when neither flags nor environment say. */
export function sourceOf (options: SourceOptions, env: CommandIo['env'], fallback: Source['kind']): Source {
  if (options.store !== undefined) return { kind: 'store', directory: options.store }
  const { tokenFile, tls, caFile, certFile, keyFile, serverName, insecureSkipVerify } = options
  const own = { tokenFile, tls, caFile, certFile, keyFile, serverName, skipVerify: insecureSkipVerify }
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined))
  const named = options.server ?? nonEmpty(env['TAPIO_SERVER'])
  if (named === undefined && fallback === 'store' && Object.keys(given).length === 0) return { kind: 'store', directory: defaultStoreDirectory }
  const token = nonEmpty(env['TAPIO_TOKEN'])
  const address: ServerAddress = { endpoint: named ?? defaultServer, ...given, ...(token !== undefined && { token }) }
  endpointOf(address)
  return { kind: 'server', address }
}

const nonEmpty = (text: string | undefined): string | undefined => text === '' ? undefined : text
