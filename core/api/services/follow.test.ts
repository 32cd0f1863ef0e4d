/** Scenario: a followed source that is silent, busy, or has more than one page. Guarantees: the first look is told; silence is broken every 15 s; a busy source is looked at ten times a second at most; all pages come at once. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { follow, keepAliveMs, type Look } from './follow.js'

/** A source whose changes are made by hand. */
function source (clock: FakeClock) {
  const call = new AbortController()
  const looks: number[] = []
  let answers: Look<string>[] = []
  let wake: () => void = () => undefined
  const stream = follow({
    clock, signal: call.signal,
    async look () { looks.push(clock.monotonicMs()); return await Promise.resolve(answers.shift() ?? { answer: 'nothing', hasNews: false, more: false }) },
    changed: timeoutMs => new Promise(resolve => {
      const done = (): void => { cancel(); call.signal.removeEventListener('abort', done); resolve() }
      const cancel = clock.after(timeoutMs, done)
      wake = done
      call.signal.addEventListener('abort', done)
    })
  })
  return { stream, looks, call, give: (...more: Look<string>[]) => { answers = answers.concat(more) }, wake: () => { wake() } }
}

test('the first look is told, then something every 15 s', async () => {
  const clock = new FakeClock()
  const { stream } = source(clock)
  assert.is((await stream.next()).value, 'nothing')
  const second = stream.next()
  let isTold = false
  second.then(() => { isTold = true }).catch(() => undefined)
  await clock.advance(keepAliveMs - 1)
  assert.is(isTold, false)
  await clock.advance(200)
  assert.is(isTold, true)
})

test('pages that are there come one after the other; a busy source is looked at ten times a second', async () => {
  const clock = new FakeClock()
  const { stream, looks, give, wake } = source(clock)
  give({ answer: 'a', hasNews: true, more: true }, { answer: 'b', hasNews: true, more: true }, { answer: 'c', hasNews: true, more: false })
  assert.equal([(await stream.next()).value, (await stream.next()).value, (await stream.next()).value], ['a', 'b', 'c'])
  assert.equal(looks, [0, 0, 0])
  const waiting = stream.next()
  for (let i = 0; i < 100; i++) { wake(); await clock.advance(10) }
  assert.ok(looks.length >= 10 && looks.length <= 14, `${looks.length} looks in a second`)
  give({ answer: 'd', hasNews: true, more: false })
  wake()
  await clock.advance(200)
  assert.is((await waiting).value, 'd')
})

test('it ends with its call, also while it waits', async () => {
  const clock = new FakeClock()
  const { stream, call } = source(clock)
  await stream.next()
  const waiting = stream.next()
  await clock.advance(10)
  call.abort(new Error('gone'))
  await waiting.then(() => assert.unreachable(), (error: Error) => { assert.is(error.message, 'gone') })
  assert.is(clock.pending, 0)
})

test.run()
