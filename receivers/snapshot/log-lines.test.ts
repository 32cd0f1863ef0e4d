import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { severityName } from '../../core/data/enums.js'
import { isContinuation, readLogLine } from './log-lines.js'
import { newestTime, offsetMinutes, withoutYear } from './times.js'

const clock = { offsetMinutes: 120, collectedMs: Date.parse('2026-01-02T10:00:00Z') }

function read (line: string): string {
  const { timeMs, severity, message, program } = readLogLine(line, clock)
  return `${Number.isNaN(timeMs) ? '-' : new Date(timeMs).toISOString()} ${severityName(severity)} ${program === undefined ? '' : `[${program}] `}${message}`
}

test('time, severity and text of the forms people log in', () => {
  const cases: [string, string][] = [
    ['{"severity":"error","message":"no route","timestamp":"2026-01-02T09:00:00.5Z"}', '2026-01-02T09:00:00.500Z error no route'],
    ['{"level":50,"time":1767344400123,"msg":"x"}', '2026-01-02T09:00:00.123Z error x'],
    ['{"level":"warn","ts":1767344400.5,"msg":"x"}', '2026-01-02T09:00:00.500Z warning x'],
    ['{"level":"INFO","instant":{"epochSecond":1767344400,"nanoOfSecond":7000000},"message":"x"}', '2026-01-02T09:00:00.007Z info x'],
    ['{"broken', '- info {"broken'],
    ['2026-01-02T09:00:00.123456789Z stderr F connection refused', '2026-01-02T09:00:00.123Z error connection refused'],
    ['2026-01-02T09:00:00Z {"level":"debug","msg":"x"}', '2026-01-02T09:00:00.000Z debug x'],
    ['2026-01-02 11:00:00,250 WARN  slow', '2026-01-02T09:00:00.250Z warning WARN  slow'],
    ['time="2026-01-02T09:00:00Z" level=fatal msg="gone"', '2026-01-02T09:00:00.000Z critical time="2026-01-02T09:00:00Z" level=fatal msg="gone"'],
    ['E0102 11:00:00.250000    1771 kubelet.go:2528] "x"', '2026-01-02T09:00:00.250Z error E0102 11:00:00.250000    1771 kubelet.go:2528] "x"'],
    ['Jan  2 11:00:00 node-1 kubelet[7]: I0102 11:00:00.250000 7 a.go:1] fine', '2026-01-02T09:00:00.000Z info [kubelet] I0102 11:00:00.250000 7 a.go:1] fine'],
    ['Dec 31 11:00:00 node-1 kernel: Out of memory: Killed process 7 (x)', '2025-12-31T09:00:00.000Z critical [kernel] Out of memory: Killed process 7 (x)'],
    ['finished with 0 errors', '- info finished with 0 errors'],
    ['request failed', '- error request failed']
  ]
  for (const [line, expected] of cases) assert.is(read(line), expected)
})

test('a year is guessed so that the time is before the dump, on a leap day too', () => {
  assert.is(withoutYear(12, 31, '23:00:00', { offsetMinutes: 0, collectedMs: Date.parse('2026-01-01T01:00:00Z') }), Date.parse('2025-12-31T23:00:00Z'))
  assert.is(withoutYear(1, 1, '07:00:00', { offsetMinutes: 480, collectedMs: Date.parse('2025-12-31T23:30:00Z') }), Date.parse('2025-12-31T23:00:00Z'))
  assert.is(withoutYear(2, 29, '10:00:00', { offsetMinutes: 0, collectedMs: Date.parse('2024-03-01T00:00:00Z') }), Date.parse('2024-02-29T10:00:00Z'))
})

test('offsets are read, the newest believable time is found', () => {
  assert.equal(['2026-01-02T10:00:00+08:00', '2026-01-02T10:00:00-0330', '2026-01-02T10:00:00Z', ''].map(offsetMinutes), [480, -210, undefined, undefined])
  const object = { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, status: { conditions: [{ lastTransitionTime: '2026-01-02T00:00:00Z' }, { lastTransitionTime: '9999-01-01T00:00:00Z' }], notAfter: '2026-01-03T00:00:00Z' } }
  assert.is(newestTime(object, clock.collectedMs), Date.parse('2026-01-02T00:00:00Z'))
})

test('indented lines and causes go on with the one before', () => {
  assert.equal(['    at f (x.js:1)', '\tat a.b', 'Caused by: x', 'next', ''].map(isContinuation), [true, true, true, false, false])
})

test.run()
