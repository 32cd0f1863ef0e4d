import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clock } from '../component/clock.js'
import type { Logger } from './logger.js'
import { createThrottledLogger } from './throttled-logger.js'

/** A clock that stands until told, and the timers waiting on it. */
function fakeClock () {
  const timers = new Set<{ atMs: number, call: () => void }>()
  let nowMs = 0
  const clock: Clock = {
    unixNano: () => BigInt(nowMs) * 1_000_000n,
    unixMs: () => nowMs,
    monotonicMs: () => nowMs,
    after (delayMs, call) {
      const timer = { atMs: nowMs + delayMs, call }
      timers.add(timer)
      return () => { timers.delete(timer) }
    }
  }
  const advance = (ms: number): void => {
    nowMs += ms
    for (const timer of [...timers].filter(t => t.atMs <= nowMs)) {
      timers.delete(timer)
      timer.call()
    }
  }
  return { clock, advance, timers }
}

function recorder () {
  const lines: string[] = []
  const make = (prefix: string): Logger => {
    const log = (level: string) => (message: string) => { lines.push(`${level} ${prefix}${message}`) }
    return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), child: f => make(`${JSON.stringify(f)} `) }
  }
  return { logger: make(''), lines }
}

test('the first of identical lines is printed, the rest counted and told once per interval', () => {
  const { clock, advance } = fakeClock()
  const { logger, lines } = recorder()
  const throttled = createThrottledLogger(logger, { clock, intervalMs: 10_000 })
  for (let i = 0; i < 4712; i++) throttled.warn('queue full', { i })
  assert.equal(lines, ['warn queue full'])
  advance(10_000)
  assert.equal(lines, ['warn queue full', 'warn queue full: 4711 more in 10 s'])
  throttled.warn('queue full')
  advance(10_000)
  assert.is(lines.at(-1), 'warn queue full: 1 more in 10 s')
})

test('after a quiet interval a line counts as first again and holds no timer', () => {
  const { clock, advance, timers } = fakeClock()
  const { logger, lines } = recorder()
  const throttled = createThrottledLogger(logger, { clock, intervalMs: 1000 })
  throttled.info('a')
  advance(1000)
  assert.is(timers.size, 0)
  throttled.info('a')
  assert.equal(lines, ['info a', 'info a'])
})

test('levels, messages and children are told apart', () => {
  const { clock } = fakeClock()
  const { logger, lines } = recorder()
  const throttled = createThrottledLogger(logger, { clock })
  const child = throttled.child({ c: 1 })
  for (let i = 0; i < 2; i++) {
    throttled.warn('a')
    throttled.error('a')
    throttled.warn('b')
    child.warn('a')
  }
  assert.equal(lines, ['warn a', 'error a', 'warn b', 'warn {"c":1} a'])
})

test('a million different lines keep a bounded table and are counted as others', () => {
  const { clock, advance, timers } = fakeClock()
  const { logger, lines } = recorder()
  const throttled = createThrottledLogger(logger, { clock, intervalMs: 1000, maxKeys: 8 })
  for (let i = 0; i < 1_000_000; i++) throttled.warn(`row ${i}`)
  assert.is(timers.size, 9)
  assert.is(lines.length, 9)
  advance(1000)
  assert.is(lines.at(-1), 'warn other lines: 999991 more in 1 s')
})

test('flush tells what is counted and leaves no timer', () => {
  const { clock, timers } = fakeClock()
  const { logger, lines } = recorder()
  const throttled = createThrottledLogger(logger, { clock, intervalMs: 2000 })
  for (let i = 0; i < 3; i++) throttled.warn('a')
  throttled.flush()
  throttled.flush()
  assert.equal(lines, ['warn a', 'warn a: 2 more in 2 s'])
  assert.is(timers.size, 0)
})

test.run()
