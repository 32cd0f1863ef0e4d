/** The options of commands that send to another machine, and what they are in the configuration of an exporter. */
import { Option } from 'commander'

export interface DestinationFlags {
  readonly tokenFile?: string
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsServerName?: string
  readonly tlsInsecure?: true
  readonly tlsSkipVerify?: true
}

export const destinationOptions = (): Option[] => [
  new Option('--token-file <file>', 'a bearer token; read again when it changes'),
  new Option('--tls-ca <file>', 'authorities (PEM) of the server\'s certificate'),
  new Option('--tls-cert <file>', 'own certificate (PEM), for mTLS'),
  new Option('--tls-key <file>', 'its private key (PEM)'),
  new Option('--tls-server-name <name>', 'the name in the server\'s certificate, when it is not the host'),
  new Option('--tls-insecure', 'plain text, also to another machine'),
  new Option('--tls-skip-verify', 'TLS without checking who is at the other end')
]

/** `tls` of an exporter. `isPlain`: plain text where nothing is said. */
export function tlsOf ({ tlsCa, tlsCert, tlsKey, tlsServerName, tlsInsecure, tlsSkipVerify }: DestinationFlags, isPlain = false): object {
  return defined({ ca_file: tlsCa, cert_file: tlsCert, key_file: tlsKey, server_name_override: tlsServerName, insecure: tlsInsecure ?? (isPlain ? true : undefined), insecure_skip_verify: tlsSkipVerify })
}

/** `auth` of an exporter. */
export const authOf = ({ tokenFile }: DestinationFlags): object => defined({ bearer_token_file: tokenFile })

/** Without what was not given: an exporter has defaults of its own. */
export function defined (options: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
