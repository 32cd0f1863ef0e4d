import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import type { ProcStat } from './proc-files.js'
import { ProcessTable } from './process-table.js'

function tableOf (options: { maxProcesses?: number, proc?: Map<number, ProcStat> } = {}): { table: ProcessTable, clock: FakeClock, proc: Map<number, ProcStat> } {
  const clock = new FakeClock()
  const proc = options.proc ?? new Map<number, ProcStat>()
  return { table: new ProcessTable({ clock, maxProcesses: options.maxProcesses ?? 100, keepEndedMs: 60_000, read: pid => proc.get(pid) }), clock, proc }
}

const named = (pid: number, parentPid: number, comm: string): { pid: number, parentPid: number, comm: string, cgroupId: bigint } => ({ pid, parentPid, comm, cgroupId: 5n })
const names = (line: readonly { comm: string }[]): string => line.map(p => p.comm).join(' < ')

test('ancestors come from events and, where no event was, from /proc', () => {
  const { table, proc } = tableOf()
  proc.set(1, { pid: 1, parentPid: 0, comm: 'systemd', startedMs: 10 })
  proc.set(50, { pid: 50, parentPid: 1, comm: 'sshd', startedMs: 5000 })
  table.executed(named(60, 50, 'bash'), 9000)
  table.executed(named(70, 60, 'make'), 9500)
  assert.is(names(table.ancestry(70, 9600)), 'make < bash < sshd < systemd')
  assert.equal(table.ancestry(99, 9600), [])
})

test('a parent pid that is used again is not the parent', () => {
  const { table, proc } = tableOf()
  proc.set(60, { pid: 60, parentPid: 1, comm: 'stranger', startedMs: 20_000 })
  table.executed(named(70, 60, 'orphan'), 9500)
  assert.is(names(table.ancestry(70, 30_000)), 'orphan')
})

test('a parent that has ended is still known, and told from the next user of its pid', async () => {
  const { table, clock } = tableOf()
  table.executed(named(60, 0, 'first'), 1000)
  table.executed(named(70, 60, 'child'), 2000)
  table.exited(named(60, 0, 'first'), 3000, 2000)
  table.executed(named(60, 0, 'second'), 4000)
  assert.is(names(table.ancestry(70, 5000)), 'child < first')
  assert.is(table.at(60, 2500)?.comm, 'first')
  assert.is(table.at(60, 3500), undefined, 'nobody had it then')
  assert.is(table.at(60, 4500)?.comm, 'second')
  assert.is(table.reused, 1)
  await clock.advance(60_001)
  table.exited(named(70, 60, 'child'), 65_000, 63_000)
  assert.is(table.at(60, 2500), undefined, 'forgotten after the time asked for')
})

test('a pid that the same parent uses again after an exit nobody told is another process; a second exec is not', () => {
  const { table, proc } = tableOf()
  proc.set(60, { pid: 60, parentPid: 1, comm: 'sh', startedMs: 990 })
  table.executed(named(60, 1, 'sh'), 1000)
  table.executed(named(60, 1, 'worker'), 5000)
  assert.equal([table.at(60, 5500)?.comm, table.at(60, 5500)?.startedMs, table.reused], ['worker', 990, 0])
  proc.set(60, { pid: 60, parentPid: 1, comm: 'next', startedMs: 7000 })
  table.executed(named(60, 1, 'next'), 7010)
  assert.equal([table.at(60, 5500)?.comm, table.at(60, 7500)?.comm, table.reused], ['worker', 'next', 1])
})

test('a start in /proc that is later than the exec is of the next user of the pid', () => {
  const { table, proc } = tableOf()
  proc.set(60, { pid: 60, parentPid: 9, comm: 'next', startedMs: 8000 })
  table.executed(named(60, 1, 'short'), 5000)
  assert.equal([table.at(60, 5000)?.comm, table.at(60, 5000)?.startedMs], ['short', 5000])
})

test('an exit that nobody told is inferred: from the next exec with another parent and start, and from an exit with another start', () => {
  const { table, proc } = tableOf()
  table.executed(named(60, 1, 'old'), 1000)
  proc.set(60, { pid: 60, parentPid: 2, comm: 'new', startedMs: 7000 })
  table.executed(named(60, 2, 'new'), 7010)
  assert.is(table.at(60, 1500)?.comm, 'old')
  assert.is(table.at(60, 7500)?.comm, 'new')
  table.exited(named(60, 3, 'newest'), 9000, 500)
  assert.is(table.at(60, 8700)?.comm, 'newest')
  assert.is(table.at(60, 8000)?.comm, 'new')
})

test('an exec changes the image, not the process; the exit makes its start exact', () => {
  const { table } = tableOf()
  table.executed(named(60, 1, 'sh'), 1000)
  table.executed(named(60, 1, 'sleep'), 1100)
  assert.is(table.size, 1)
  table.exited(named(60, 1, 'sleep'), 5000, 4700)
  assert.equal([table.at(60, 400)?.comm, table.at(60, 400)?.startedMs, table.at(60, 400)?.endedMs], ['sleep', 300, 5000])
})

test('a loop of parents ends', () => {
  const { table } = tableOf()
  table.executed(named(60, 61, 'a'), 1000)
  table.executed(named(61, 60, 'b'), 1000)
  assert.ok(table.ancestry(60, 2000).length <= 64)
})

test('when it is full the ended go first, and the number is never passed', () => {
  const { table } = tableOf({ maxProcesses: 10 })
  for (let pid = 1; pid <= 10; pid++) table.executed(named(pid, 0, `p${pid}`), pid)
  table.exited(named(5, 0, 'p5'), 100, 95)
  table.executed(named(11, 0, 'p11'), 200)
  assert.is(table.at(5, 50), undefined)
  assert.is(table.at(1, 50)?.comm, 'p1')
  for (let pid = 100; pid < 1000; pid++) { table.executed(named(pid, 0, 'x'), 300 + pid); assert.ok(table.size <= 10) }
  assert.is(table.at(1, 50), undefined)
  assert.ok(table.evicted > 800)
})

test.run()
