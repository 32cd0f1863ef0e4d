/**
 * Scenario: HTTP/2 connections that send what no library sends: floods of control frames, of empty ones and of calls taken
 * back, header blocks that never end or blow up, frames out of place, while a healthy client goes on over both protocols.
 * Guarantees: a flood ends its own connection or costs nothing that stays, the healthy client is served, every place is
 * given back, and nothing spins afterwards.
 * Does not prove: how much CPU a flood costs while it lasts. Long form (TAPIO_TEST_LONG=1): ten times as much of each.
 */
import type { ClientHttp2Session } from 'node:http2'
import type net from 'node:net'
import * as assert from 'uvu/assert'
import { until } from '../../core/otlp/testing/harness.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { connect, framed, rawCall, spans } from './raw-call-for-test.js'
import { callHeaders, Flag, frame, FrameType, literal, openCall, preface, settings, uint32 } from './raw-frames-for-test.js'
import { openSocket, report, scale, served, siege } from './siege-for-test.js'
import { withReceiver, type Started } from './start-for-test.js'

const test = siege('otlp hostile frames')

/** Bytes of one flood, if nobody ends it before. */
const floodBytes = scale * 4 * 2 ** 20

interface Flood {
  readonly what: string
  /** Written once, after the preface and the settings. */
  readonly first?: Buffer
  /** Written again and again; `n` counts from 0. */
  next(n: number): Buffer
  /** Whether the server must end the connection before all is written. */
  readonly cut: boolean
  /** The client does not read what it is answered. */
  readonly deaf?: boolean
}

const many = (count: number, one: Buffer): Buffer => Buffer.concat(new Array<Buffer>(count).fill(one))
/** The odd numbers of the `n`th hundred calls. */
const hundred = (n: number, bytesOf: (stream: number) => Buffer[]): Buffer => Buffer.concat(Array.from({ length: 100 }, (_, i) => bytesOf(1 + 2 * (n * 100 + i))).flat())
const cancel = uint32(8)
const ping = frame(FrameType.ping, 0, 0, Buffer.alloc(8))

const floods: readonly Flood[] = [
  { what: 'SETTINGS', next: () => many(1000, settings), cut: true, deaf: true },
  { what: 'PING', next: () => many(500, ping), cut: true },
  { what: 'PING, answers not read', next: () => many(500, ping), cut: true, deaf: true },
  { what: 'empty DATA', first: openCall(1), next: () => many(1000, frame(FrameType.data, 0, 1)), cut: true },
  { what: 'PRIORITY', next: n => hundred(n, stream => [frame(FrameType.priority, 0, stream, Buffer.from([0, 0, 0, 0, 1]))]), cut: false },
  { what: 'WINDOW_UPDATE', first: openCall(1), next: () => many(500, frame(FrameType.windowUpdate, 0, 1, uint32(1))), cut: false },
  { what: 'calls opened and reset in one write', next: n => hundred(n, s => [openCall(s), frame(FrameType.rstStream, 0, s, cancel)]), cut: true },
  { what: 'calls the server is made to reset', next: n => hundred(n, s => [openCall(s), frame(FrameType.windowUpdate, 0, s, uint32(0x7fffffff))]), cut: true },
  { what: 'calls with a window update of nothing', next: n => hundred(n, s => [openCall(s), frame(FrameType.windowUpdate, 0, s, uint32(0))]), cut: true },
  { what: 'CONTINUATION without end', first: frame(FrameType.headers, 0, 1, callHeaders), next: () => many(20, frame(FrameType.continuation, 0, 1, literal('x', 'y'.repeat(1000)))), cut: true },
  { what: 'empty CONTINUATION without end', first: frame(FrameType.headers, 0, 1, callHeaders), next: () => many(1000, frame(FrameType.continuation, 0, 1)), cut: true },
  {
    what: 'HPACK bombs: one byte that stands for 4 KB, ten thousand times a call',
    first: openCall(1, Flag.endHeaders | Flag.endStream, literal('x', 'y'.repeat(3900), true)),
    next: n => openCall(3 + 2 * n, Flag.endHeaders | Flag.endStream, Buffer.alloc(10_000, 0xbe)),
    cut: false
  },
  { what: 'calls beyond the limit of streams', next: n => hundred(n, s => [openCall(s)]), cut: false },
  { what: 'frames of unknown types', next: () => many(100, frame(0xfa, 0, 0, Buffer.alloc(1000))), cut: false },
  { what: 'GOAWAY', next: () => many(500, frame(FrameType.goaway, 0, 0, Buffer.alloc(8))), cut: false }
]

/** Writes the flood until the server ends the connection or all is written; answers the bytes that could be written. */
async function flood (r: Started, { first, next, cut, deaf }: Flood): Promise<{ written: number, ended: boolean }> {
  const socket = await openSocket(r.grpcPort)
  let written = 0
  let ended = false
  socket.on('end', () => { ended = true }).on('close', () => { ended = true })
  if (deaf === true) socket.pause()
  await write(socket, Buffer.concat([preface, settings, first ?? Buffer.alloc(0)]))
  for (let n = 0; written < floodBytes && !ended; n++) {
    const bytes = next(n)
    if (!await write(socket, bytes)) { ended = true; break }
    written += bytes.length
    // The server shares this thread.
    await new Promise(resolve => setImmediate(resolve))
  }
  if (cut) await until(() => ended, `an end after ${written} bytes`)
  socket.destroy()
  return { written, ended }
}

/** False when the connection is gone, or the other side takes nothing more. */
function write (socket: net.Socket, bytes: Buffer): Promise<boolean> {
  return new Promise(resolve => {
    if (socket.destroyed || !socket.writable) { resolve(false); return }
    const close = (): void => done(false)
    const timer = setTimeout(() => done(false), 3000)
    const done = (ok: boolean): void => { clearTimeout(timer); socket.off('close', close); resolve(ok) }
    socket.once('close', close)
    socket.write(bytes, error => done(error === null || error === undefined))
  })
}

for (const one of floods) {
  test(`a flood of ${one.what}`, async ({ r, startMiB }) => {
    const work = flood(r, one)
    const sent = await served(r, work)
    const { written, ended } = await work
    await report(r, startMiB, `flood of ${one.what}, ${ended ? 'cut off after' : 'all of'} ${(written / 2 ** 20).toFixed(1)} MiB`, sent, 200)
    await until(() => r.receiver.grpcConnections === 0, 'no connection is left')
  })
}

const broken: readonly [string, Buffer][] = [
  ['a frame larger than was agreed', frame(FrameType.data, 0, 1, Buffer.alloc(100_000))],
  ['DATA for a call that never was', frame(FrameType.data, 0, 1, Buffer.alloc(100))],
  ['a reset of a call that never was', frame(FrameType.rstStream, 0, 1, cancel)],
  ['SETTINGS for a call', frame(FrameType.settings, 0, 1)],
  ['a PING of three bytes', frame(FrameType.ping, 0, 0, Buffer.alloc(3))],
  ['a window update of nothing', frame(FrameType.windowUpdate, 0, 0, uint32(0))],
  ['headers that name no entry of the table', frame(FrameType.headers, Flag.endHeaders, 1, Buffer.alloc(6, 0xff))],
  ['CONTINUATION of nothing', frame(FrameType.continuation, Flag.endHeaders, 1)],
  ['a call of the server\'s side', frame(FrameType.headers, Flag.endHeaders | Flag.endStream, 2, callHeaders)]
]

test('frames that break the protocol: none of their connections stays, though Node does not close them all', async () => {
  const clock = new FakeClock()
  await withReceiver({}, async r => {
    const session = connect(r.grpcPort)
    assert.is((await rawCall(session, [framed(spans(1))])).status, 0)
    for (const [what, bytes] of broken) {
      const socket = await openSocket(r.grpcPort)
      socket.write(Buffer.concat([preface, settings, bytes]))
      await until(() => socket.bytesRead > 0, 'greeted')
      await pingOnce(session)
      await clock.advance(15_000)
      await pingOnce(session)
      await clock.advance(25_000)
      await until(() => r.receiver.grpcConnections === 1, `${what}: the connection is gone`)
      socket.destroy()
    }
    assert.ok(!session.destroyed, 'who answers stays')
    session.destroy()
  }, clock)
})

const pingOnce = (session: ClientHttp2Session): Promise<void> => new Promise(resolve => { session.ping(() => resolve()) })

test('heads that never end hold no place, and their connections end with the others', async ({ r, startMiB }) => {
  const sockets = await Promise.all(Array.from({ length: 50 * scale }, () => openSocket(r.grpcPort)))
  for (const socket of sockets) socket.write(Buffer.concat([preface, settings, frame(FrameType.headers, 0, 1, callHeaders)]))
  await until(() => r.receiver.grpcConnections === sockets.length, 'all are there')
  assert.is(r.receiver.gate.requests, 0)
  await report(r, startMiB, `${sockets.length} heads without an end`, await served(r, Promise.resolve()), 200)
  for (const socket of sockets) socket.destroy()
  await until(() => r.receiver.grpcConnections === 0, 'all are gone')
})

test.run()
