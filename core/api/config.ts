/** Options of the API: the section `service.api`. Given, even with nothing in it: the API is served. */
import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Endpoint, Enum, Options, Secret, Section } from '../config/schema.js'
import { parseAddress } from '../net/listen.js'
import { tlsServer } from '../net/tls.js'

export const grantedScopes = ['read', 'write', 'admin'] as const

const scope = Enum(grantedScopes, { default: 'read', description: '`read`: see what Tapio knows; `write`: bring events in too; `admin`: change how collectors work too.' })
const name = (what: string) => Type.String({ minLength: 1, maxLength: 128, description: what })

const token = Options({
  name: name('Who has it: stands in the audit log, and rates are counted by it.'),
  token: Type.Optional(Secret({ description: 'The token, at least 16 printable characters. Or `token_file`.' })),
  token_file: Type.Optional(Type.String({ minLength: 1, description: 'A file with the token alone, read again when it changes.' })),
  scope
})

const clientCertificate = Options({
  name: name('Common name of a certificate that `tls.client_ca_file` vouches for.'),
  scope
})

export const apiSchema = Options({
  grpc: Section({
    endpoint: Endpoint({ default: '127.0.0.1:9090', description: 'Where gRPC is served: `host:port` or `unix:///path`. Port 0 takes a free port.' })
  }),
  http: Section({
    endpoint: Endpoint({ default: '127.0.0.1:8080', description: 'Where REST and the web page are served.' })
  }),
  tls: Type.Optional(tlsServer),
  auth: Type.Optional(Options({
    tokens: Type.Array(token, { default: [], maxItems: 1000, description: 'Let in as `authorization: Bearer …`.' }),
    client_certificates: Type.Array(clientCertificate, { default: [], maxItems: 1000, description: 'Let in by their certificate.' }),
    reload_interval: Duration({ default: '10s', minimum: '100ms', description: 'How often token files are looked at.' })
  }, { description: 'Who may call what. Left out: everybody on this machine may do everything, and only loopback addresses can be listened on. Given: who shows nothing sees liveness alone.' })),
  rate_limit: Section({
    requests_per_second: Type.Number({ default: 100, minimum: 0, maximum: 1_000_000, description: 'Calls of one client: of one name, or of one address for those without a name. 0 = no limit.' }),
    burst: Type.Integer({ default: 200, minimum: 1, maximum: 1_000_000, description: 'How many may come at once.' })
  }, { description: 'Beyond it calls are refused, with the time to wait.' }),
  cors: Section({
    allowed_origins: Type.Array(Type.String({ pattern: '^https?://[^/*\\s]+$' }), { default: [], description: 'Web pages of other origins that may call (`https://grafana.example.com`). Empty: none.' })
  }),
  allowed_hosts: Type.Array(Type.String({ minLength: 1, maxLength: 253 }), { default: [], description: 'Names in the `Host` header beside loopback and the name listened on: what a proxy or a Service is called. Any other name is refused, so that no web page can reach this one through a name of its own.' }),
  audit_log: Type.Optional(Type.String({ minLength: 1, description: 'A file for the audit log: one JSON line for each call of scope write or admin. Mode 0600, at most 64 MiB; the one before stays as `FILE.1`. Left out: lines of Tapio\'s own log.' })),
  max_request_bytes: ByteSize({ default: '4MiB', minimum: '1KiB', maximum: '256MiB', description: 'Largest request, also after it was unpacked.' }),
  max_streams_per_client: Type.Integer({ default: 64, minimum: 1, maximum: 100_000, description: 'Streams that one client may have open.' }),
  max_connections: Type.Integer({ default: 1000, minimum: 1, maximum: 100_000, description: 'Connections to each of the two servers. More are closed as they come.' }),
  store: Type.Optional(Type.String({ minLength: 1, description: 'The directory of the store to answer from. Left out: that of the first store exporter.' }))
}, { description: 'The API: gRPC, REST and the web page. Left out: not served.' })

export type ApiConfig = Static<typeof apiSchema>
export type GrantedScope = (typeof grantedScopes)[number]

/** `open`: others could call without showing anything; `access`: options that contradict each other; `taken`: two want one endpoint. */
export interface ApiFault { readonly what: 'open' | 'access' | 'taken', readonly path: readonly (string | number)[], readonly message: string, readonly help?: string }

/** An endpoint that something else of this configuration listens on. */
export interface Listening { readonly owner: string, readonly endpoint: string }

/** What the schema cannot say. No message holds a token. */
export function checkApi (config: ApiConfig, others: readonly Listening[]): readonly ApiFault[] {
  return [...openFaults(config), ...authFaults(config), ...takenFaults(config, others)]
}

function openFaults ({ grpc, http, auth }: ApiConfig): ApiFault[] {
  if (auth !== undefined) return []
  return Object.entries({ grpc, http }).filter(([, { endpoint }]) => !isLoopback(endpoint)).map(([server, { endpoint }]) => ({
    what: 'open',
    path: [server, 'endpoint'],
    message: `\`${server}.endpoint\` is ${endpoint}, which other machines reach, and \`auth\` is not given: everybody there could do everything`,
    help: 'give `auth` with tokens or client certificates, or listen on 127.0.0.1'
  }))
}

function authFaults ({ auth, tls }: ApiConfig): ApiFault[] {
  if (auth === undefined) return []
  const { tokens, client_certificates: certificates } = auth
  const faults: ApiFault[] = []
  const add = (path: readonly (string | number)[], message: string, help?: string): void => { faults.push({ what: 'access', path: ['auth', ...path], message, ...(help !== undefined && { help }) }) }
  if (tokens.length + certificates.length === 0) add([], '`auth` without any credential lets nobody in', 'give `tokens` or `client_certificates`, or leave `auth` out')
  if (certificates.length > 0 && tls?.client_ca_file === undefined) add(['client_certificates'], 'client certificates are not asked for: there is no `tls.client_ca_file`', 'give the authorities that client certificates come from')
  tokens.forEach(({ token: text, token_file: file }, i) => {
    if ((text === undefined) === (file === undefined)) add(['tokens', i], `\`tokens[${i}]\` needs either \`token\` or \`token_file\`, and has ${text === undefined ? 'none' : 'both'}`)
    else if (text !== undefined && tokenFault(text) !== '') add(['tokens', i, 'token'], `\`token\` ${tokenFault(text)}`, 'openssl rand -hex 32 makes a good one')
  })
  for (const [list, items] of [['tokens', tokens], ['client_certificates', certificates]] as const) {
    items.forEach((item, i) => {
      if (item.name === 'anonymous') add([list, i, 'name'], '`anonymous` is what callers without a name are called')
      if (items.findIndex(other => other.name === item.name) < i) add([list, i, 'name'], `the name ${JSON.stringify(item.name)} is given twice in \`${list}\``)
    })
  }
  return faults
}

/** Empty when `text` can be a token. */
export function tokenFault (text: string): string {
  if (!/^[\x21-\x7e]*$/.test(text)) return 'must be of printable ASCII characters without spaces'
  return text.length < 16 ? `has ${text.length} characters; at least 16 are needed` : ''
}

function takenFaults ({ grpc, http }: ApiConfig, others: readonly Listening[]): ApiFault[] {
  const own = [{ server: 'grpc', endpoint: grpc.endpoint }, { server: 'http', endpoint: http.endpoint }]
  const all = [...own.map(({ server, endpoint }) => ({ owner: `service.api.${server}`, endpoint })), ...others]
  return own.flatMap(({ server, endpoint }, i): ApiFault[] => {
    const other = all.find((o, j) => (j < i || j >= own.length) && sameEndpoint(o.endpoint, endpoint))
    if (other === undefined) return []
    return [{ what: 'taken', path: [server, 'endpoint'], message: `\`${server}.endpoint\` is ${endpoint}, where ${other.owner} listens already`, help: freeEndpoint(endpoint, all.map(o => o.endpoint)) }]
  })
}

/** Only processes of this machine reach it. */
export function isLoopback (endpoint: string): boolean {
  const address = parseAddress(endpoint)
  return address.kind === 'unix' || /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i.test(address.host)
}

function sameEndpoint (a: string, b: string): boolean {
  const [one, other] = [parseAddress(a), parseAddress(b)]
  if (one.kind === 'unix' || other.kind === 'unix') return one.kind === 'unix' && other.kind === 'unix' && one.path === other.path
  if (one.port !== other.port || one.port === 0) return false
  const hosts = [one.host, other.host].map(host => host.toLowerCase() === 'localhost' ? '127.0.0.1' : host)
  return hosts[0] === hosts[1] || hosts.some(host => host === '0.0.0.0' || host === '::')
}

function freeEndpoint (endpoint: string, taken: readonly string[]): string {
  const address = parseAddress(endpoint)
  if (address.kind === 'unix') return 'give it another path'
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  for (let port = address.port + 1; port <= 65535; port++) {
    if (!taken.some(other => sameEndpoint(other, `${host}:${port}`))) return `${host}:${port} is not used in this configuration`
  }
  return 'give it another port'
}
