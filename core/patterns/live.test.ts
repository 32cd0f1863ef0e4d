/** Guarantees: changed files are read once they stand still, and a bad change keeps what the file had. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import { LivePatterns } from './live.js'
import { patternText } from './testing.js'

test('files are followed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'live-'))
  const write = (name: string, text: string): void => { writeFileSync(join(dir, name), text) }
  const clock = new FakeClock()
  const loads: number[] = []
  write('a.yaml', patternText('true', { id: 'test.a' }))
  const live = new LivePatterns({ paths: [dir], clock, intervalMs: 1000, onLoad: faults => { loads.push(faults.filter(f => f.severity === 'error').length) } })
  const ids = (): string[] => live.library.patterns.map(p => p.id).sort()
  const first = live.library
  assert.equal([ids(), loads], [['test.a'], [0]])

  await clock.advance(5000)
  assert.is(live.library, first)
  assert.equal(loads, [0])

  write('b.yaml', patternText('true', { id: 'test.b' }))
  await clock.advance(1000)
  assert.equal(ids(), ['test.a'], 'a change is read when it looks the same twice')
  await clock.advance(1000)
  assert.equal(ids(), ['test.a', 'test.b'])

  write('b.yaml', 'version: 1\npatterns: [')
  write('a.yaml', patternText('true', { id: 'test.a2' }))
  await clock.advance(2000)
  assert.equal([ids(), loads], [['test.a2', 'test.b'], [0, 0, 1]])

  write('b.yaml', `${patternText('true', { id: 'test.b' })}  - id: test.bad\n`)
  await clock.advance(2000)
  assert.equal(ids(), ['test.a2', 'test.b'])

  rmSync(join(dir, 'b.yaml'))
  await clock.advance(2000)
  assert.equal(ids(), ['test.a2'])
  live.close()
  assert.is(clock.pending, 0)
})

test('without an interval nobody looks', () => {
  const clock = new FakeClock()
  const live = new LivePatterns({ paths: [], clock, intervalMs: 0, onLoad: () => undefined })
  assert.equal([clock.pending, live.library.patterns], [0, []])
  live.close()
})

test.run()
