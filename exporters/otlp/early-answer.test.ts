/**
 * Scenario: the other side answers before it has read a large request, through a window too small for it, and resets the
 * stream or ends the connection; or it goes away, falls silent or talks nonsense in the middle of the request. Many times,
 * several calls on a connection.
 * Guarantees: every call has an outcome, the event loop goes on turning and comes to rest, stopping ends. Node's HTTP/2 has
 * spun in its own send loop when a session with unsent bytes was ended at such a moment.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { atRest } from '../../core/otlp/testing/harness.js'
import { startExporter } from './start-for-test.js'
import { rawServer, spans } from './testing.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const rounds = long ? 400 : 5
const windows = long ? [0, 1000, 65_535] : [0, 65_535]
const busy = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': 14, 'grpc-message': 'busy' }

const answers: Readonly<Record<string, (stream: ServerHttp2Stream) => void>> = {
  'answered, then reset without error': stream => { stream.respond(busy, { endStream: true }); stream.close(constants.NGHTTP2_NO_ERROR) },
  'answered, then reset as cancelled': stream => { stream.respond(busy, { endStream: true }); stream.close(constants.NGHTTP2_CANCEL) },
  'answered only': stream => { stream.respond(busy, { endStream: true }) },
  'answered, and the connection told to end': stream => { stream.respond(busy, { endStream: true }); stream.session?.close() },
  'answered, and the connection cut': stream => { stream.respond(busy, { endStream: true }); setImmediate(() => stream.session?.destroy()) },
  'reset before any answer': stream => { stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM) },
  'never answered': () => undefined
}

/** SETTINGS that let a whole request through, and as much for the connection. */
const greeting = Buffer.from('000006040000000000' + '00047fffffff' + '000004080000000000' + '3fff0000', 'hex')

/** What becomes of the connection when the first of a request has come. */
const reactions: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes the connection': socket => { socket.destroy() },
  'resets the connection': socket => { socket.resetAndDestroy() },
  'closes its side and reads on': socket => { socket.end() },
  'closes its side and reads no more': socket => { socket.end(); socket.pause() },
  'reads no more': socket => { socket.pause() },
  'writes what is no frame': socket => { socket.write(Buffer.alloc(100_000, 0xff)) },
  'writes a frame of a call that never was': socket => { socket.write(Buffer.from('0000010000000000ff61', 'hex')) },
  'ends the connection in HTTP/2\'s words and stays': socket => { socket.write(Buffer.from('000008070000000000' + '0000000000000000', 'hex')) }
}

/** A server that greets and then reacts. */
async function crudeServer (react: (socket: Socket) => void): Promise<{ endpoint: string, close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket)).write(greeting)
    let bytes = 0
    socket.on('data', chunk => { if (bytes < 50_000 && (bytes += chunk.length) >= 50_000) react(socket) })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise(resolve => { server.close(() => resolve()); for (const socket of sockets) socket.destroy() })
  }
}

/** Eight calls at once over two connections, `rounds` times. Each answer must be one that hands the rows back. */
async function provoke (server: { readonly endpoint: string, close(): Promise<void> }, timeout: number): Promise<void> {
  const batch = spans(200, 4000)
  for (let round = 0; round < rounds; round++) {
    const e = startExporter({ endpoint: server.endpoint, connections: 2, timeout })
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => e.exporter.consume(batch)))
    assert.equal([...new Set(outcomes.map(o => o.status))].filter(s => s !== 'retry' && s !== 'rejected'), [])
    if (round === rounds - 1) await atRest()
    await e.stop()
  }
  await server.close()
  await atRest()
}

const [, , mode, window] = process.argv
if (mode !== undefined) {
  // A thread that spins cannot say so: the test runs in a process whose heartbeat another one watches.
  const beat = setInterval(() => process.send?.('beat'), 50)
  const react = reactions[mode]
  const server = react === undefined ? await rawServer(() => undefined, { initialWindowSize: Number(window) }, answers[mode]) : await crudeServer(react)
  await provoke(server, react !== undefined ? 100 : mode === 'never answered' ? 30 : 20_000)
  clearInterval(beat)
  process.send?.('done', () => process.disconnect())
} else {
  const cases = [
    ...Object.keys(answers).flatMap(name => windows.map(bytes => [name, bytes, `${name}, window ${bytes}`] as const)),
    ...Object.keys(reactions).map(name => [name, 0, `the other side ${name}`] as const)
  ]
  for (const [name, bytes, title] of cases) {
    test(`${title}: every call has an outcome and the process stays alive`, async () => {
      const child = fork(fileURLToPath(import.meta.url), [name, String(bytes)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      let said: unknown
      let silence = setTimeout(() => child.kill('SIGKILL'), 20_000)
      child.on('message', message => {
        said = message
        clearTimeout(silence)
        if (message !== 'done') silence = setTimeout(() => child.kill('SIGKILL'), 20_000)
      })
      const [code, signal] = await once(child, 'exit') as [number | null, string | null]
      clearTimeout(silence)
      assert.equal([said, code, signal], ['done', 0, null], 'killed: no heartbeat for 20 s')
    })
  }
  test.run()
}
