/** Facts about units: states from signals, pairs of two sources, names of objects, patterns, limits, lines and entries. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Variant } from '@jellybrick/dbus-next'
import { pathOfUnit, plain, unitOfPath } from './bus-names.js'
import { EntryLines } from './entry-lines.js'
import { Globs } from './globs.js'
import { gapBetween } from './journal-gap.js'
import { Pairs } from './pairs.js'
import { Progress } from './progress.js'
import { changesOf, nothingKnown, updated, type UnitState } from './unit-states.js'
import { unitEvent } from './unit-events.js'

const test = suite('units')
const run = (invocation: string, active: string, sub: string, more: Partial<UnitState> = {}): UnitState => ({ ...nothingKnown, invocation, active, sub, ...more })
const facts = (before: UnitState, after: UnitState): string[] => changesOf('a.service', before, after).map(c => c.fact)

const steps: readonly (readonly [string, UnitState, UnitState, string[]])[] = [
  ['starts', run('', 'inactive', 'dead'), run('1', 'active', 'running'), ['started']],
  ['starts slowly: not yet', run('', 'inactive', 'dead'), run('1', 'activating', 'start'), []],
  ['starts slowly: now', run('1', 'activating', 'start'), run('1', 'active', 'running'), ['started']],
  ['reloads', run('1', 'active', 'running'), run('1', 'reloading', 'reload'), []],
  ['stops', run('1', 'deactivating', 'stop-sigterm'), run('1', 'inactive', 'dead'), ['stopped']],
  ['crashes', run('1', 'active', 'running'), run('1', 'failed', 'failed', { result: 'signal' }), ['failed']],
  ['crashes and will come again', run('1', 'active', 'running'), run('1', 'activating', 'auto-restart', { result: 'exit-code', restarts: 0 }), ['failed']],
  ['has failed, and then will come again', run('1', 'failed', 'failed', { result: 'exit-code' }), run('1', 'activating', 'auto-restart', { result: 'exit-code' }), []],
  ['is between two turns', run('1', 'activating', 'auto-restart', { result: 'exit-code' }), run('2', 'inactive', 'dead'), []],
  ['hits the start limit from there', run('2', 'inactive', 'dead'), run('2', 'failed', 'failed', { result: 'exit-code' }), ['failed']],
  ['comes again', run('1', 'activating', 'auto-restart', { result: 'exit-code' }), run('2', 'active', 'running', { restarts: 1 }), ['started', 'restart_scheduled']],
  ['crashes again before anyone looked', run('1', 'activating', 'auto-restart', { result: 'exit-code' }), run('2', 'activating', 'auto-restart', { result: 'exit-code' }), ['failed']],
  ['hits the start limit', run('2', 'activating', 'auto-restart', { result: 'exit-code' }), run('2', 'failed', 'failed', { result: 'exit-code' }), ['failed']],
  ['is reset', run('2', 'failed', 'failed', { result: 'exit-code' }), run('2', 'inactive', 'dead'), []],
  ['restarts after success', run('1', 'active', 'running'), run('1', 'activating', 'auto-restart'), []]
]
for (const [name, before, after, expected] of steps) test(`a unit ${name}`, () => { assert.equal(facts(before, after), expected) })

test('properties of the bus become a state; what is not sent stays', () => {
  const values = plain({ ActiveState: new Variant('s', 'failed'), InvocationID: new Variant('ay', Buffer.from('00ff', 'hex')), ExecMainStatus: new Variant('i', 3), StateChangeTimestamp: new Variant('t', 5n), SubState: 7 })
  assert.equal(updated(run('1', 'active', 'running', { restarts: 2 }), values), { ...nothingKnown, active: 'failed', sub: 'running', invocation: '00ff', exitStatus: 3, restarts: 2, changedMicros: 5n })
  assert.equal(updated(nothingKnown, plain(null)), nothingKnown)
})

test('a signal that is older than what is known says nothing', () => {
  const failed = updated(nothingKnown, { ActiveState: 'failed', Result: 'exit-code', StateChangeTimestampMonotonic: 9n })
  assert.is(updated(failed, { ActiveState: 'activating', StateChangeTimestampMonotonic: 8n }), failed)
  assert.is(updated(failed, { ActiveState: 'inactive', StateChangeTimestampMonotonic: 10n }).active, 'inactive')
})

test('a failed unit that has got the id of its next run has not failed again', () => {
  const before = run('1', 'failed', 'failed', { result: 'exit-code' })
  assert.equal(changesOf('a.service', before, run('2', 'failed', 'failed', { result: 'success' })), [])
})

test('a failure\'s event has code or signal, and an id that is the same when it is told again', () => {
  const state = run('1', 'failed', 'failed', { result: 'signal', exitCode: 2, exitStatus: 9, changedMicros: 1_000_000n })
  const tell = () => unitEvent({ unit: 'a.service', fact: 'failed', before: 'active', state }, 1, 0n)
  assert.is(tell().exitSignal, 9)
  assert.is(tell().returnCode, undefined)
  assert.is(tell().timeUnixNano, 1_000_000_000n)
  assert.match(tell().message ?? '', /failed with result 'signal', its main process ended by signal 9/)
  assert.is(tell().id, tell().id)
  assert.is(unitEvent({ unit: 'a.service', fact: 'failed', before: '', state: { ...state, exitCode: 1, exitStatus: 3 } }, 1, 0n).returnCode, 3)
})

test('names of objects', () => {
  for (const [unit, path] of [['crash.service', 'crash_2eservice'], ['a-b@1.service', 'a_2db_401_2eservice'], ['1é.service', '_31_c3_a9_2eservice']] as const) {
    assert.is(pathOfUnit(unit), `/org/freedesktop/systemd1/unit/${path}`)
    assert.is(unitOfPath(pathOfUnit(unit)), unit)
  }
  assert.is(unitOfPath('/org/freedesktop/systemd1'), undefined)
})

test('what two sources tell is told once, what happens twice stays two', () => {
  const pairs = new Pairs()
  assert.equal(['bus', 'journal', 'journal', 'journal', 'bus'].map(source => pairs.first('x', source as 'bus')), [1, 0, 2, 3, 0])
  const later = new Pairs(pairs.saved())
  assert.equal([later.first('x', 'bus'), later.first('x', 'bus')], [0, 4])
  assert.ok(later.told('x'))
  assert.not.ok(later.told('y'))
})

test('facts are bounded', () => {
  const pairs = new Pairs()
  for (let i = 0; i < 5000; i++) pairs.first(String(i), 'bus')
  assert.is(pairs.saved().length, 2048)
  assert.ok(pairs.first('0', 'journal'), 'the oldest is forgotten')
  assert.not.ok(pairs.first('4999', 'journal'))
})

test('what is saved stands in front of the first batch that is not answered for, whichever source it is of', () => {
  const progress = new Progress({ cursor: 'c0', pairs: [] })
  const bus = progress.begin()
  assert.is(bus.first('x', 'bus'), 1)
  const journal = progress.begin()
  assert.is(journal.first('x', 'journal'), 0, 'the twin is dropped')
  journal.done('c1')
  assert.not.ok(progress.isDirty)
  assert.equal(progress.take(), { cursor: 'c0', pairs: [] }, 'a kill now: the journal tells it again')
  bus.done()
  assert.ok(progress.isDirty)
  assert.equal(progress.take(), { cursor: 'c1', pairs: [['x', 1, 1]] })
  assert.not.ok(progress.isDirty)
})

test('a batch of the journal that is given up keeps the bus\'s twin of it untold, too', () => {
  const progress = new Progress({ pairs: [] })
  progress.begin().first('x', 'journal')
  const bus = progress.begin()
  assert.is(bus.first('x', 'bus'), 0)
  bus.done()
  assert.equal(progress.take(), { pairs: [] })
})

test('a gap is found where the entry of the position is gone, and counted where numbers say how large it is', () => {
  const cursor = (s: string, i: number): string => `s=${s};i=${i.toString(16)};b=0;m=1;t=2;x=3`
  assert.is(gapBetween(cursor('a', 255), cursor('a', 255)), undefined)
  assert.is(gapBetween(cursor('a', 255), cursor('a', 256)), undefined, 'only that entry is gone')
  assert.equal(gapBetween(cursor('a', 255), cursor('a', 300)), { entries: 44 })
  assert.equal(gapBetween(cursor('a', 255), cursor('b', 256)), { entries: undefined })
  assert.equal(gapBetween('opaque', cursor('b', 256)), { entries: undefined })
})

test('patterns', () => {
  const globs = new Globs(['*.service', 'user@*', 'a+b'])
  for (const name of ['x.service', '.service', 'user@0.service', 'user@', 'a+b']) assert.ok(globs.fit(name), name)
  for (const name of ['xservice', 'x.service.d', 'aab', '']) assert.not.ok(globs.fit(name), name)
  assert.not.ok(new Globs([]).fit('x'))
  assert.not.ok(new Globs(['*'.repeat(200) + 'x']).fit('y'.repeat(10_000)))
})

test('lines out of any chunks; one that is too long is skipped whole', () => {
  let tooLong = 0
  const whole = Buffer.from(`${'é'.repeat(3)}\n\nab\n${'x'.repeat(50)}\ncd\nopen`)
  for (let size = 1; size <= whole.length; size++) {
    tooLong = 0
    const lines = new EntryLines(10, () => { tooLong++ })
    const got: string[] = []
    for (let at = 0; at < whole.length; at += size) got.push(...lines.push(whole.subarray(at, at + size)))
    assert.equal(got, ['ééé', 'ab', 'cd'])
    assert.is(tooLong, 1)
  }
})

test.run()
