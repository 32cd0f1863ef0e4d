/** Opens an HTTP/2 session and says in words what is wrong when the other side does not speak it. */
import type { EventEmitter } from 'node:events'
import http2, { type ClientHttp2Session } from 'node:http2'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls, { type ConnectionOptions } from 'node:tls'
import type { Target } from '../target.js'

/** What OpenSSL says when the other side answers in plain text; nobody should have to know that at night. */
const plainTextAnswer = /wrong version number|packet length too long|SSL routines/i
const tlsHint = ' (the endpoint does not speak TLS: set `tls.insecure: true`, or write it as http://host:port)'
const plainHint = ' (does the endpoint expect TLS? then leave `tls.insecure` out, or write it as https://host:port)'

export interface ConnectOptions {
  readonly target: Target
  /** Certificates and checks, asked for every connection: they may have changed since the last. */
  readonly tls: () => ConnectionOptions
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Rejects with an Error for people: refused, no TLS, no HTTP/2, silent. */
export async function connect (options: ConnectOptions): Promise<ClientHttp2Session> {
  const { timeoutMs, signal } = options
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
  const over = AbortSignal.any([signal, late.signal])
  try {
    const socket = await openSocket(options, over)
    return await openSession(socket, options.target, over)
  } finally {
    clearTimeout(timer)
  }
}

async function openSocket ({ target, tls: tlsOptions }: ConnectOptions, over: AbortSignal): Promise<Duplex> {
  if (!target.secure) {
    const socket = net.connect({ ...target.socket, noDelay: true })
    await first(socket, 'connect', over)
    return socket
  }
  const socket = tls.connect({ servername: net.isIP(target.host) === 0 ? target.host : '', ...target.socket, ...tlsOptions(), ALPNProtocols: ['h2'] })
  try {
    await first(socket, 'secureConnect', over)
  } catch (error) {
    const { message } = error as Error
    throw new Error(plainTextAnswer.test(message) ? message + tlsHint : message, { cause: error })
  }
  if (socket.alpnProtocol !== 'h2') {
    socket.destroy()
    throw new Error('the endpoint does not offer HTTP/2 (no ALPN `h2`): it is no gRPC endpoint')
  }
  return socket
}

/** A session is open when the other side's settings are in: until then it may be anything that listens. */
async function openSession (socket: Duplex, target: Target, over: AbortSignal): Promise<ClientHttp2Session> {
  const session = http2.connect(`${target.secure ? 'https' : 'http'}://${target.authority}`, { createConnection: () => socket, settings: { enablePush: false } })
  try {
    await first(session, 'remoteSettings', over)
  } catch (error) {
    session.destroy()
    const { message } = error as Error
    throw new Error(over.aborted ? message : `no HTTP/2 from the endpoint: ${message}${target.secure ? '' : plainHint}`, { cause: error })
  }
  return session
}

/** Resolves at `event`; rejects on error, close and abort, and then destroys what it waited for. */
function first (emitter: EventEmitter & { destroy(): unknown }, event: string, over: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => {
      over.removeEventListener('abort', onAbort)
      emitter.off(event, onEvent).off('close', onClose)
      if (error === undefined) { emitter.off('error', done); resolve(); return }
      // An error that comes late has nobody else to go to.
      emitter.once('error', () => undefined)
      emitter.destroy()
      reject(error)
    }
    const onEvent = (): void => done()
    const onClose = (): void => done(new Error('it closed the connection'))
    const onAbort = (): void => done(over.reason instanceof Error ? over.reason : new Error('shutting down'))
    emitter.once(event, onEvent).once('error', done).once('close', onClose)
    if (over.aborted) onAbort()
    else over.addEventListener('abort', onAbort, { once: true })
  })
}
