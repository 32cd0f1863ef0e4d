import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OomKills } from './oom-kills.js'

const test = suite('oom kills')
const atMs = Date.UTC(2026, 0, 1)

test('a kill is known by pid and about its time', () => {
  const kills = new OomKills()
  kills.add(7, atMs)
  assert.ok(kills.has(7, atMs + 9_999))
  assert.ok(kills.has(7, atMs - 9_999))
  assert.not.ok(kills.has(7, atMs + 10_000))
  assert.not.ok(kills.has(8, atMs))
})

test('the oldest are forgotten', () => {
  const kills = new OomKills()
  for (let pid = 1; pid <= 1025; pid++) kills.add(pid, atMs)
  assert.not.ok(kills.has(1, atMs))
  assert.ok(kills.has(2, atMs))
  assert.ok(kills.has(1025, atMs))
})

test('watchers are counted, each once', () => {
  const kills = new OomKills()
  assert.not.ok(kills.watched)
  const [first, second] = [kills.watch(), kills.watch()]
  first()
  first()
  assert.ok(kills.watched)
  second()
  assert.not.ok(kills.watched)
})

test('listeners hear of kills until they let go', () => {
  const kills = new OomKills()
  let heard = 0
  const end = kills.listen(() => { heard++ })
  kills.add(1, atMs)
  end()
  kills.add(2, atMs)
  assert.is(heard, 1)
})

test.run()
