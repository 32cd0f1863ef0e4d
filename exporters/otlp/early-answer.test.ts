/**
 * Scenario: the other side answers before it has read a large request, through a window too small for it, and resets the
 * stream or ends the connection; many times, several calls on a connection.
 * Guarantees: every call has an outcome, the event loop goes on turning, stopping ends. Node's HTTP/2 has spun in its own
 * send loop when a session with unsent bytes was ended at such a moment.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startExporter } from './start-for-test.js'
import { rawServer, spans } from './testing.js'

const rounds = process.env.TAPIO_TEST_LONG === '1' ? 400 : 20
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

/** Eight calls at once over two connections, `rounds` times. Each answer must be one that hands the rows back. */
async function provoke (answer: (stream: ServerHttp2Stream) => void, initialWindowSize: number, timeout: number): Promise<void> {
  const server = await rawServer(() => undefined, { initialWindowSize }, answer)
  const batch = spans(200, 4000)
  for (let round = 0; round < rounds; round++) {
    const e = startExporter({ endpoint: server.endpoint, connections: 2, timeout })
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => e.exporter.consume(batch)))
    assert.equal([...new Set(outcomes.map(o => o.status))].filter(s => s !== 'retry' && s !== 'rejected'), [])
    await e.stop()
  }
  await server.close()
}

const [, , mode, window] = process.argv
if (mode !== undefined) {
  // A thread that spins cannot say so: the test runs in a process whose heartbeat another one watches.
  const beat = setInterval(() => process.send?.('beat'), 50)
  await provoke(answers[mode] as (stream: ServerHttp2Stream) => void, Number(window), mode === 'never answered' ? 30 : 20_000)
  clearInterval(beat)
  process.send?.('done', () => process.disconnect())
} else {
  for (const name of Object.keys(answers)) {
    for (const bytes of [0, 1000, 65_535]) {
      test(`${name}, window ${bytes}: every call has an outcome and the process stays alive`, async () => {
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
  }
  test.run()
}
