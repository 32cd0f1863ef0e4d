/** Whether what exporters send to can be reached: name, connection, TLS, certificate, protocol, with the time each took. */
import { lookup } from 'node:dns/promises'
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import { Certificates, clientOptions, type TlsClientConfig } from '../../net/tls.js'
import { parseTarget, type Target } from '../../net/target.js'
import { systemClock } from '../../component/clock.js'
import { inTime } from '../../component/in-time.js'
import { nullLogger } from './null-logger.js'
import { fault, ok, warning, type Check, type Finding, type Patient } from './finding.js'
import { leavesOf, type Leaf } from './leaves.js'

export const endpointChecks: readonly Check[] = [{ area: 'endpoints', name: 'endpoints', run: endpoints }]

/** Of the time for a check, so that it is told how far an endpoint came. */
const ownShare = 0.8
const expirySoonMs = 14 * 24 * 3_600_000

async function endpoints (patient: Patient): Promise<Finding[]> {
  if (patient.prepared === undefined) return []
  const sending = leavesOf(patient.prepared).filter(l => l.kind === 'exporter' && (l.mark === 'url' || /^(endpoints?|url)$/.test(l.key)))
  return (await Promise.all(sending.map(leaf => inTime(patient.timeoutMs * ownShare, patient.signal, signal => endpoint(leaf, patient, signal))))).flat()
}

/** Says as far as it came. */
async function endpoint (leaf: Leaf, { nowMs }: Patient, signal: AbortSignal): Promise<Finding[]> {
  const { path, value, beside } = leaf
  const tls = (beside['tls'] ?? {}) as Partial<TlsClientConfig> & { readonly insecure?: boolean }
  const isGrpc = leaf.mark !== 'url' && !String(beside['protocol'] ?? 'grpc').startsWith('http')
  const steps: string[] = []
  const timed = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    const startedMs = performance.now()
    const result = await act()
    steps.push(`${what} ${Math.max(1, Math.round(performance.now() - startedMs))} ms`)
    return result
  }
  const shown = withoutSecrets(value)
  let target: Target
  try { target = targetOf(value, tls.insecure === true) } catch { return [fault(path, `${shown} is no address`, 'Write host:port, or http(s)://host:port.')] }
  const { socket } = target
  let connection: Socket | undefined
  try {
    if ('port' in socket && isIP(target.host) === 0) await timed('name', () => orAborted(lookup(target.host, { all: true }), signal))
    const plain = connection = await timed('connection', () => opened(connectTcp(socket), 'connect', signal))
    if (!target.secure) {
      await timed(isGrpc ? 'HTTP/2' : 'HTTP', () => isGrpc ? http2Answers(plain, target, signal) : httpAnswers(plain, target, value, signal))
      return [ok(path, `${shown} answers: ${steps.join(', ')}`)]
    }
    const { context } = Certificates.ofClient(tls as TlsClientConfig, systemClock, nullLogger)
    const secured = connection = await timed('TLS', () => opened(connectTls({
      socket: plain, secureContext: context, servername: tls.server_name_override ?? (isIP(target.host) === 0 ? target.host : ''), host: target.host, ...clientOptions({ insecure_skip_verify: false, ...tls } as TlsClientConfig), ALPNProtocols: isGrpc ? ['h2'] : ['http/1.1']
    }), 'secureConnect', signal))
    const expiry = expiryOf(secured.getPeerCertificate(), nowMs)
    await timed(isGrpc ? 'HTTP/2' : 'HTTP', () => isGrpc ? http2Answers(secured, target, signal) : httpAnswers(secured, target, value, signal))
    const found = `${shown} answers: ${steps.join(', ')}${expiry === undefined ? '' : `; its certificate ${expiry.words}`}`
    return [expiry?.isSoon === true ? warning(path, found, 'Renew the certificate of the other side.') : ok(path, found)]
  } catch (error) {
    return [failed(path, shown, error as NodeJS.ErrnoException, steps, isGrpc)]
  } finally {
    connection?.destroy()
  }
}

function targetOf (value: string, insecure: boolean): Target {
  if (!/^https?:\/\//.test(value)) {
    const target = parseTarget(value, insecure)
    if ('port' in target.socket && !(Number(target.socket.port) > 0)) throw new Error('no port')
    return target
  }
  const url = new URL(value)
  const secure = url.protocol === 'https:'
  return parseTarget(`${url.protocol}//${url.hostname}:${url.port === '' ? (secure ? 443 : 80) : url.port}`, insecure)
}

/** Paths and queries of webhooks are secrets often enough. */
function withoutSecrets (value: string): string {
  return /^https?:\/\//.test(value) && URL.canParse(value) ? new URL(value).origin : value
}

function failed (path: string, shown: string, error: NodeJS.ErrnoException, steps: readonly string[], isGrpc: boolean): Finding {
  const got = steps.length === 0 ? '' : ` (${steps.join(', ')})`
  const code = error.code ?? ''
  const say = (found: string, action: string): Finding => fault(path, `${shown}: ${found}${got}`, action)
  switch (code) {
    case 'ENOTFOUND': case 'EAI_AGAIN': return say(`its name is not known here (${code})`, 'Check the spelling, /etc/resolv.conf, and whether the service exists in this cluster.')
    case 'ECONNREFUSED': return say('nothing listens there (ECONNREFUSED)', 'Start the other side, or correct host and port.')
    case 'ENOENT': return say('there is no such socket', 'Start the other side, or correct the path.')
    case 'ETIMEDOUT': case 'EHOSTUNREACH': case 'ENETUNREACH': case 'ABORT_ERR': return say(`no answer (${code === 'ABORT_ERR' ? 'timeout' : code})`, 'A firewall, a network policy or a route: try from another machine.')
    case 'CERT_HAS_EXPIRED': return say('its certificate has expired', 'Renew the certificate of the other side.')
    case 'CERT_NOT_YET_VALID': return say('its certificate is not valid yet', 'Compare the clocks of both machines.')
    case 'ERR_TLS_CERT_ALTNAME_INVALID': return say(`its certificate is for another name: ${error.message.split('\n')[0] ?? ''}`, 'Use that name, or `tls.server_name_override`.')
    case 'EPROTO': case 'ERR_SSL_WRONG_VERSION_NUMBER': case 'ECONNRESET': return say(`it did not agree on ${steps.length > 1 && !steps.some(s => s.startsWith('TLS')) ? 'TLS' : 'the protocol'} (${code})`, 'One side may speak TLS and the other not: `tls.insecure: true` sends in plain text.')
    case 'ERR_HTTP2_ERROR': case 'NOT_HTTP2': return say('it listens and does not speak HTTP/2, which gRPC needs', 'Check the port: for OTLP 4317 is gRPC, 4318 is HTTP (`protocol: http/protobuf`).')
    case 'NOT_HTTP': return say('it listens and does not speak HTTP', `Check the port${isGrpc ? '' : ': for OTLP 4318 is HTTP, 4317 is gRPC'}.`)
    default: return /^(DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_)/.test(code)
      ? say(`its certificate is of an authority that is not known here (${code})`, 'Name that authority in `tls.ca_file`.')
      : say(`${error.message.split('\n')[0] ?? ''}${code === '' ? '' : ` (${code})`}`, 'See what the other side logs.')
  }
}

const noAnswer = (): Error => Object.assign(new Error('no answer'), { code: 'ABORT_ERR' })

function orAborted<T> (work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(noAnswer()), { once: true })
    work.then(resolve, reject)
  })
}

function opened<S extends Socket | TLSSocket> (socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const give = (): void => { socket.destroy(); reject(noAnswer()) }
    if (signal.aborted) { give(); return }
    signal.addEventListener('abort', give, { once: true })
    socket.once(event, () => { signal.removeEventListener('abort', give); resolve(socket) })
    socket.once('error', error => { signal.removeEventListener('abort', give); reject(error) })
  })
}

/** The other side's SETTINGS say that it speaks HTTP/2; no request is sent. */
function http2Answers (socket: Socket, { authority }: Target, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const notHttp2 = (): void => { end(Object.assign(new Error('no HTTP/2'), { code: signal.aborted ? 'ABORT_ERR' : 'NOT_HTTP2' })) }
    const session: ClientHttp2Session = connectHttp2(`http://${authority}`, { createConnection: () => socket })
    const end = (error?: Error): void => {
      signal.removeEventListener('abort', notHttp2)
      session.destroy()
      if (error === undefined) resolve(); else reject(error)
    }
    signal.addEventListener('abort', notHttp2, { once: true })
    session.once('remoteSettings', () => end()).once('error', notHttp2).once('close', notHttp2)
  })
}

/** Any answer to a GET will do: what a collector says to one is 404 or 405. */
function httpAnswers (socket: Socket, { authority }: Target, url: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (code: string): void => { reject(Object.assign(new Error('no HTTP'), { code })) }
    signal.addEventListener('abort', () => fail('ABORT_ERR'), { once: true })
    socket.once('data', (data: Buffer) => { if (data.toString('latin1', 0, 5) === 'HTTP/') resolve(); else fail('NOT_HTTP') })
    socket.once('error', reject).once('close', () => fail('NOT_HTTP'))
    socket.write(`GET ${/^https?:\/\//.test(url) ? new URL(url).pathname : '/'} HTTP/1.1\r\nhost: ${authority}\r\nuser-agent: tapio-doctor\r\nconnection: close\r\n\r\n`)
  })
}

function expiryOf (certificate: PeerCertificate, nowMs: number): { readonly words: string, readonly isSoon: boolean } | undefined {
  const untilMs = Date.parse(certificate.valid_to)
  return Number.isNaN(untilMs) ? undefined : expiryWords(untilMs, nowMs)
}

export function expiryWords (untilMs: number, nowMs: number): { readonly words: string, readonly isSoon: boolean, readonly isOver: boolean } {
  const days = Math.floor((untilMs - nowMs) / 86_400_000)
  const date = new Date(untilMs).toISOString().slice(0, 10)
  const isOver = untilMs < nowMs
  return { words: isOver ? `expired on ${date}` : `is good until ${date}, ${days} day${days === 1 ? '' : 's'}`, isSoon: untilMs - nowMs < expirySoonMs, isOver }
}
