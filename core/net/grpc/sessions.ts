/**
 * The HTTP/2 connections of a gRPC listener: how long they may live, whether the other end is still there, and when one is
 * abusive. One look at all of them at an interval instead of timers each: ten thousand idle ones must cost next to nothing.
 *
 * Limits may be noticed late by a quarter of the shortest of them.
 */
import { constants, type ServerHttp2Session } from 'node:http2'
import type { Clock } from '../../component/clock.js'
import type { KeepaliveConfig } from './keepalive.js'

/** Why a connection was closed by us. */
export type CloseReason = 'idle' | 'age' | 'no_preface' | 'ping_timeout' | 'too_many_pings' | 'resets' | 'limit' | 'protocol' | 'tls'

export interface SessionMetrics { closed(transport: 'grpc', reason: CloseReason): void }

export interface SessionLimits {
  readonly keepalive: KeepaliveConfig
  readonly maxConcurrentStreams: number
  /** How long a new connection may take to speak HTTP/2. */
  readonly prefaceMs: number
}

/** Calls that clients took back, a second, that are taken for back-pressure or timeouts rather than for an attack. */
const resetsPerSecond = 20
/**
 * A connection that was sent something and has been silent for so long is asked once whether it is still there, whatever the
 * options say: after frames that break the protocol (too long, for a stream that never was, wrongly compressed headers) Node 20
 * neither reads on nor closes nor tells, and so never sees that the client is gone.
 */
const doubtAfterMs = 10_000
/** As grpc-go: two pings too early are forgiven until data was sent. */
const allowedStrikes = 2

export class SessionRecord {
  readonly openedMs: number
  /** The client's IP address; none over a unix socket. */
  readonly address: string | undefined
  /** Since when there has been no call. */
  idleMs: number
  calls = 0
  greeted = false
  pingSentMs: number | undefined
  lastSignMs: number
  lastPingMs = -Infinity
  /** Bytes read when it last proved that it is alive. */
  provenBytes = -1
  strikes = 0
  resets = 0
  resetsAtMs: number
  closeByMs = Infinity

  constructor (readonly session: ServerHttp2Session, readonly owner: Sessions, nowMs: number) {
    this.address = session.socket.remoteAddress
    this.openedMs = this.idleMs = this.lastSignMs = this.resetsAtMs = nowMs
  }
}

export class Sessions {
  readonly #records = new Set<SessionRecord>()
  readonly #stepMs: number
  #cancel: (() => void) | undefined

  constructor (readonly limits: SessionLimits, readonly clock: Clock, readonly metrics: SessionMetrics) {
    const { server_parameters: { max_connection_idle: idle, max_connection_age: age, max_connection_age_grace: grace, time, timeout } } = limits.keepalive
    const shortest = Math.min(...[idle, age, grace, time, timeout, limits.prefaceMs].filter(ms => ms > 0))
    this.#stepMs = Math.min(30_000, Math.max(10, shortest / 4))
  }

  get size (): number { return this.#records.size }

  add (session: ServerHttp2Session): SessionRecord {
    const record = new SessionRecord(session, this, this.clock.monotonicMs())
    this.#records.add(record)
    session.once('remoteSettings', () => { record.greeted = true })
    session.on('ping', () => this.#onPing(record))
    session.once('close', () => { this.#records.delete(record) })
    this.#cancel ??= this.clock.after(this.#stepMs, () => this.#look())
    return record
  }

  /** `takenBack`: by the client, before it was answered. */
  callEnded (record: SessionRecord, takenBack: boolean): void {
    record.calls--
    record.strikes = 0
    const now = record.idleMs = record.lastSignMs = this.clock.monotonicMs()
    if (takenBack) this.#onReset(record, now)
  }

  /** GOAWAY to all: calls under way may end, new ones go elsewhere. */
  drain (): void {
    this.stop()
    for (const { session } of this.#records) session.close()
  }

  destroy (): void {
    for (const { session } of this.#records) session.destroy()
  }

  stop (): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** A bucket that leaks: bursts as a client's whole window timing out are fine, a steady flood is not. */
  #onReset (record: SessionRecord, now: number): void {
    record.resets = Math.max(0, record.resets - (now - record.resetsAtMs) / 1000 * resetsPerSecond) + 1
    record.resetsAtMs = now
    if (record.resets > Math.max(200, 2 * this.limits.maxConcurrentStreams)) this.#calm(record, 'resets')
  }

  #onPing (record: SessionRecord): void {
    const { min_time: minTime, permit_without_stream: withoutStream } = this.limits.keepalive.enforcement_policy
    const now = record.lastSignMs = this.clock.monotonicMs()
    const early = now - record.lastPingMs < minTime || (!withoutStream && record.calls === 0)
    record.lastPingMs = now
    if (early && ++record.strikes > allowedStrikes) this.#calm(record, 'too_many_pings')
  }

  #look (): void {
    const now = this.clock.monotonicMs()
    for (const record of this.#records) this.#check(record, now)
    this.#cancel = this.#records.size > 0 ? this.clock.after(this.#stepMs, () => this.#look()) : undefined
  }

  #check (record: SessionRecord, now: number): void {
    const { max_connection_idle: idle, max_connection_age: age, max_connection_age_grace: grace, time, timeout } = this.limits.keepalive.server_parameters
    if (record.closeByMs <= now) { record.session.destroy(); return }
    if (record.session.closed || record.session.destroyed) return
    if (!record.greeted && now - record.openedMs > this.limits.prefaceMs) this.#destroy(record, 'no_preface')
    else if (age > 0 && now - record.openedMs > age) this.#retire(record, 'age', grace > 0 ? now + grace : Infinity)
    else if (idle > 0 && record.calls === 0 && now - record.idleMs > idle) this.#retire(record, 'idle', now + timeout)
    else if (record.pingSentMs !== undefined) {
      if (now - record.pingSentMs > timeout) this.#destroy(record, 'ping_timeout')
    } else if ((time > 0 && now - record.lastSignMs > time) || this.#doubtful(record, now)) this.#ping(record, now)
  }

  #doubtful (record: SessionRecord, now: number): boolean {
    return record.greeted && now - record.lastSignMs > doubtAfterMs && record.session.socket.bytesRead !== record.provenBytes
  }

  #ping (record: SessionRecord, now: number): void {
    record.pingSentMs = now
    record.session.ping(() => {
      record.pingSentMs = undefined
      record.lastSignMs = this.clock.monotonicMs()
      if (!record.session.destroyed) record.provenBytes = record.session.socket.bytesRead
    })
  }

  #retire (record: SessionRecord, reason: CloseReason, closeByMs: number): void {
    this.metrics.closed('grpc', reason)
    record.closeByMs = closeByMs
    record.session.close()
  }

  #destroy (record: SessionRecord, reason: CloseReason): void {
    this.metrics.closed('grpc', reason)
    record.session.destroy()
  }

  #calm (record: SessionRecord, reason: CloseReason): void {
    const { session } = record
    if (session.destroyed || record.closeByMs === 0) return
    record.closeByMs = 0
    this.metrics.closed('grpc', reason)
    // gRPC clients know these words: they double their keepalive time.
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from(reason))
    // In a turn of its own: we may stand in a callback of a stream that this ends.
    setImmediate(() => session.destroy())
  }
}
