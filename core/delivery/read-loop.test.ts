import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ReadLoop } from './read-loop.js'

const deadline = (signal: AbortSignal) => ({ signal, atMs: Infinity })

test('the loop sees that it should stop, and its end is waited for', async () => {
  const loop = new ReadLoop()
  const seen: string[] = []
  loop.start(() => new Promise(resolve => { loop.stopping.addEventListener('abort', () => { setImmediate(() => { seen.push(`over: ${loop.over.aborted}`); resolve() }) }) }), () => { seen.push('broken') })
  await loop.stop(deadline(new AbortController().signal))
  assert.equal(seen, ['over: false'])
  assert.ok(loop.over.aborted)
  await loop.stop(deadline(new AbortController().signal))
})

test('a loop that waits for a full pipeline is told at the deadline, and has one turn to count', async () => {
  const loop = new ReadLoop()
  const late = new AbortController()
  let counted = 0
  loop.start(() => new Promise(resolve => { loop.over.addEventListener('abort', () => { counted++; resolve() }) }), () => undefined)
  const stopped = loop.stop(deadline(late.signal))
  assert.is(loop.over.aborted, false)
  late.abort()
  await stopped
  assert.is(counted, 1)
})

test('what the loop throws is told, and stopping goes on', async () => {
  const loop = new ReadLoop()
  const errors: unknown[] = []
  loop.start(() => Promise.reject(new Error('a bug')), error => { errors.push((error as Error).message) })
  await loop.stop(deadline(new AbortController().signal))
  assert.equal(errors, ['a bug'])
})

test('stopping before the start resolves', () => new ReadLoop().stop(deadline(new AbortController().signal)))

test.run()
