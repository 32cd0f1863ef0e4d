/** `--to`: an endpoint as a configuration with one exporter. */
import { hostname } from 'node:os'
import { stringify } from 'yaml'
import { parseTarget } from '../../net/target.js'
import { PlaceError } from '../../replay/places.js'
import { authOf, defined, tlsOf } from '../destination-flags.js'
import type { ReplayFlags } from './commands.js'

const tapioScheme = 'tapio://'
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/

/** The id of the exporter, and the configuration as a source. Throws PlaceError for what no exporter would understand. */
export function destinationOf (to: string, flags: ReplayFlags): { readonly exporter: string, readonly source: string } {
  const [exporter, config] = to.startsWith(tapioScheme) ? ['tapio', tapioConfig(to.slice(tapioScheme.length), flags)] as const : ['otlp', otlpConfig(to, flags)] as const
  // A value may hold what would be substituted.
  return { exporter, source: `yaml:${stringify({ exporters: { [exporter]: config } }).replaceAll('$', '$$$$')}` }
}

function tapioConfig (endpoint: string, flags: ReplayFlags): object {
  if (flags.header !== undefined || flags.protocol !== undefined) throw new PlaceError('--header and --protocol are for OTLP: another Tapio takes neither')
  return defined({ endpoint, collector_id: `${hostname()}/replay/${process.pid}`, tls: tlsOf(flags), auth: authOf(flags), max_elapsed_time: `${flags.giveUp}ms` })
}

function otlpConfig (to: string, flags: ReplayFlags): object {
  const protocol = flags.protocol ?? (/^https?:\/\//.test(to) ? 'http/protobuf' : 'grpc')
  return defined({
    endpoint: to, protocol, headers: headersOf(flags.header ?? []), tls: tlsOf(flags, protocol === 'grpc' && isPlain(to, flags)), auth: authOf(flags),
    retry_on_failure: { initial_interval: '500ms', max_interval: '5s', max_elapsed_time: `${flags.giveUp}ms` }
  })
}

/** As the tapio exporter has it: plain text to this machine needs no permission unless something of TLS was asked for. */
function isPlain (to: string, { tlsCa, tlsCert, tlsServerName, tlsSkipVerify }: ReplayFlags): boolean {
  const wantsTls = tlsCa !== undefined || tlsCert !== undefined || tlsServerName !== undefined || tlsSkipVerify === true
  return !wantsTls && loopback.test(parseTarget(to, true).host)
}

function headersOf (list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map(text => {
    const at = text.indexOf('=')
    if (at <= 0) throw new PlaceError(`--header "${text.slice(0, 40)}" is not NAME=VALUE`)
    return [text.slice(0, at), text.slice(at + 1)]
  }))
}
