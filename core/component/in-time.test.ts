/** Guarantees: work is told to end when its time is over or when it is stopped, whatever the garbage collector does, and leaves no timer. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inTime } from './in-time.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const silent = createServer(() => undefined)
await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`
test.after(() => { silent.closeAllConnections(); silent.close() })

const asked = (timeoutMs: number, stop: AbortSignal): Promise<string> => inTime(timeoutMs, stop, signal => fetch(url, { signal })).then(() => 'an answer', (error: Error) => `${error.name}: ${error.message}`)

test('a server that does not answer is waited for as long as was said, while garbage is collected', async () => {
  const collecting = setInterval(collect, 5)
  const stop = new AbortController()
  assert.equal(await Promise.all([1, 2, 3, 4].map(() => asked(60, stop.signal))), Array(4).fill('TimeoutError: no answer within 60 ms'))
  clearInterval(collecting)
})

test('a stop ends it, before it begins, too', async () => {
  const stop = new AbortController()
  const answer = asked(60_000, stop.signal)
  stop.abort(new Error('enough'))
  assert.equal([await answer, await asked(60_000, stop.signal)], ['Error: enough', 'Error: enough'])
})

test('what the work gives or throws is passed on', async () => {
  const { signal } = new AbortController()
  assert.is(await inTime(60_000, signal, () => Promise.resolve(7)), 7)
  assert.is(await inTime(60_000, signal, () => Promise.reject(new Error('no'))).catch((error: Error) => error.message), 'no')
})

test.run()
