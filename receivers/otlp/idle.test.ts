/**
 * Scenario: thousands of connections that do nothing, while one client sends over both protocols. In a process of its own, so
 * that its memory is theirs. Long form (TAPIO_TEST_LONG=1): ten thousand, as many as are let in.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { until } from '../../core/otlp/testing/harness.js'
import { long, report, served, siege } from './siege-for-test.js'

const test = siege('otlp idle connections')

test('thousands of idle connections', async ({ r, startMiB }) => {
  const each = long ? 5000 : 250
  const clients = fork(fileURLToPath(new URL('idle-clients-for-test.js', import.meta.url)), [r.httpPort, r.grpcPort, each].map(String))
  try {
    const opened = once(clients, 'message') as Promise<[{ failed: number }]>
    const sent = await served(r, opened)
    assert.equal((await opened)[0], { failed: 0 })
    assert.ok(r.receiver.grpcConnections >= each)
    await served(r, Promise.resolve())
    await report(r, startMiB, `${2 * each} idle connections, half of each protocol`, sent, long ? 800 : 150)
  } finally {
    clients.kill()
  }
  await until(() => r.receiver.grpcConnections <= 1, 'all gone')
})

test.run()
