import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { refused, rejected, retry, type Outcome } from '../component/outcome.js'
import { BatchBuilder } from '../data/builder.js'
import { SharedPressure } from '../pressure/pressure.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CollectingConsumer } from '../testing/services.js'
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

function bench (...answers: Outcome[]) {
  const builder = new BatchBuilder()
  builder.append({ name: 'row' })
  const to = { next: new CollectingConsumer(), clock: new FakeClock(), pressure: new SharedPressure() }
  let asked = 0
  to.next.answer = () => { asked++; return answers.length > 1 ? answers.shift() as Outcome : answers[0] as Outcome }
  const loop = new ReadLoop()
  return { ...to, loop, asked: () => asked, delivered: loop.deliver(to, builder.finish()) }
}

test('a batch is offered again while the pipeline asks to wait, or refuses because something in it is replaced', async () => {
  const { clock, delivered, asked } = bench(retry('full'), refused('shutting down'), rejected('bad', 1))
  await clock.advance(60_000)
  assert.equal(await delivered, rejected('bad', 1))
  assert.is(asked(), 3)
})

test('what is refused until the end was not taken', async () => {
  const { loop, delivered, clock } = bench(refused('shutting down'))
  const late = new AbortController()
  await clock.advance(1000)
  const stopped = loop.stop(deadline(late.signal))
  late.abort()
  await stopped
  assert.equal(await delivered, { status: 'not_taken' })
  assert.is(clock.pending, 0)
})

for (const end of ['memory', 'the stop'] as const) {
  test(`without memory the source waits for ${end}, and then what it holds goes on`, async () => {
    const { next, clock } = { next: new CollectingConsumer(), clock: new FakeClock() }
    const pressure = new SharedPressure()
    const builder = new BatchBuilder()
    builder.append({ name: 'row' })
    const [batch, loop] = [builder.finish(), new ReadLoop()]
    const seen: string[] = []
    pressure.set('refuse', 500, 0)
    loop.start(async () => { seen.push((await loop.deliver({ next, clock, pressure }, batch)).status) }, error => { seen.push(String(error)) })
    await clock.advance(10_000)
    assert.is(next.rows, 0)
    pressure.set(end === 'memory' ? 'shed' : 'refuse', 500, 0)
    if (end === 'memory') await clock.advance(500)
    await loop.stop(deadline(new AbortController().signal))
    assert.equal([seen, next.rows, clock.pending], [['accepted'], 1, 0])
  })
}

test.run()
