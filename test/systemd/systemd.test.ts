/**
 * Scenario: a real systemd with its bus and journald; units that loop, time out, cannot be executed, are killed.
 * Guarantees: each is seen and told apart; a receiver that is stopped and started again, under load, loses and repeats nothing.
 * Does not show: kernel lines (a container's journald has none of them; the receiver's own tests and corpus do).
 * Needs root, systemd, systemd-container, dbus; elsewhere skipped, and it is said why.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventRow } from '../../core/data/row.js'
import { startReceiver, type Running } from '../../receivers/systemd/testing/start.js'
import { Machine, machineFault } from './machine.js'

const fault = machineFault()
if (fault !== '') console.log(`SKIP the systemd receiver on a real systemd: ${fault}`)
const test = suite('real systemd')
const onMachine = fault === '' ? test : test.skip

let machine: Machine
const directory = mkdtempSync(join(tmpdir(), 'tapio-systemd-'))
test.before(async () => { if (fault === '') machine = await Machine.boot() })
test.after(async () => {
  if (fault === '') await machine.stop()
  rmSync(directory, { recursive: true, force: true })
})

const start = (state: string, options: { bus?: object, journal?: object } = {}): Promise<Running> => startReceiver({
  state_directory: join(directory, state), bus: { address: machine.busAddress, ...options.bus }, journal: { directory: machine.journal, ...options.journal }
})

const service = (unit: string, section: string, lines: string): void => { machine.write(unit, `[Unit]\n${section}\n[Service]\n${lines}\n`) }

const of = (unit: string, name: string, more: (e: EventRow) => boolean = () => true) => (e: EventRow): boolean => e.get('entityName') === unit && e.get('name') === name && more(e)

async function watching (state: string, use: (running: Running) => Promise<void>, options: { bus?: object, journal?: object } = {}): Promise<void> {
  const running = await start(state, options)
  try {
    for (const message of ['listening to systemd', 'reading the journal']) {
      if ((message.startsWith('listening') ? options.bus : options.journal) !== undefined) continue
      while (!running.logger.lines.some(l => l.message === message)) await new Promise(resolve => setTimeout(resolve, 5))
    }
    await use(running)
  } finally { await running.stop() }
}

onMachine('a crash loop ends at the start limit: every failure, restart and the limit, each once', async () => {
  service('loop.service', 'StartLimitBurst=3\nStartLimitIntervalSec=60', 'ExecStart=/bin/sh -c "exit 3"\nRestart=on-failure\nRestartSec=100ms')
  machine.run('systemctl', 'daemon-reload')
  await watching('loop', async running => {
    machine.run('systemctl', 'start', 'loop.service')
    await running.seen('start limit', of('loop.service', 'unit_start_limit_hit'))
    await running.seen('end of the job', of('loop.service', 'unit_start_failed'))
    const named = (name: string): EventRow[] => running.events().filter(of('loop.service', name))
    // One a run, and one more when the limit ends the last.
    assert.is(named('unit_failed').length, 4)
    assert.is(named('unit_started').length, 3)
    assert.equal(named('unit_restart_scheduled').map(e => e.attribute('systemd.restarts')), ['1', '2', '3'])
    assert.equal(named('unit_process_exit').map(e => e.get('returnCode')), [3, 3, 3])
    assert.is(new Set(named('unit_failed').slice(0, 3).map(e => e.attribute('systemd.invocation_id'))).size, 3)
    for (const e of named('unit_failed')) assert.is(e.attribute('systemd.result'), 'exit-code')
    assert.ok((running.drops.get('duplicate') ?? 0) > 0, 'bus and journal told the same')
  })
})

onMachine('timeout, exec failure, a kill by signal and a watchdog are told apart', async () => {
  service('slow.service', '', 'Type=notify\nExecStart=/bin/sleep 1000\nTimeoutStartSec=200ms')
  service('noexec.service', '', 'ExecStart=/usr/bin/no-such-program')
  service('victim.service', '', 'ExecStart=/bin/sleep 1000')
  service('dog.service', '', 'ExecStart=/bin/sleep 1000\nWatchdogSec=200ms\nWatchdogSignal=SIGKILL')
  service('good.service', '', 'ExecStart=/bin/sleep 1000')
  machine.run('systemctl', 'daemon-reload')
  await watching('kinds', async running => {
    const result = (unit: string, expected: string): Promise<EventRow> => running.seen(`${unit} ${expected}`, of(unit, 'unit_failed', e => e.attribute('systemd.result') === expected))
    machine.run('systemctl', 'start', '--no-block', 'slow.service', 'noexec.service', 'victim.service', 'dog.service', 'good.service')
    await running.seen('victim', of('victim.service', 'unit_started'))
    machine.run('systemctl', 'kill', '--signal=SIGKILL', 'victim.service')
    machine.run('systemctl', 'stop', 'good.service')
    await result('slow.service', 'timeout')
    await result('noexec.service', 'exit-code')
    await running.seen('what could not be executed', of('noexec.service', 'unit_process_exit', e => e.get('returnCode') === 203))
    await result('victim.service', 'signal')
    await running.seen('the signal', of('victim.service', 'unit_process_exit', e => e.get('exitSignal') === 9))
    await result('dog.service', 'watchdog')
    await running.seen('the stop', of('good.service', 'unit_stopped'))
    assert.not.ok(running.events().some(of('good.service', 'unit_failed')))
    // Written by the child itself, which may be gone before journald looks whose it was.
    await running.seen('exec', e => e.get('name') === 'unit_exec_failed' && (e.get('message') ?? '').startsWith('noexec.service: '))
    await running.seen('timeout', of('slow.service', 'unit_timeout'))
    await running.seen('watchdog', of('dog.service', 'unit_watchdog_timeout'))
  })
})

onMachine('the bus alone tells failures with code or signal, and units that had failed before', async () => {
  service('code.service', '', 'ExecStart=/bin/sh -c "exit 42"')
  machine.run('systemctl', 'daemon-reload')
  const options = { journal: { enabled: false } }
  await watching('bus', async running => {
    machine.run('systemctl', 'start', 'code.service')
    const failed = await running.seen('failure', of('code.service', 'unit_failed'))
    assert.is(failed.get('returnCode'), 42)
    const before = await running.seen('what failed before', of('victim.service', 'unit_failed'))
    assert.is(before.get('exitSignal'), 9)
    assert.is(running.events().filter(of('victim.service', 'unit_failed')).length, 1)
  }, options)
  // Another receiver with the same state: told once is told.
  await watching('bus', async running => {
    machine.run('systemctl', 'reset-failed', 'code.service')
    machine.run('systemctl', 'start', 'code.service')
    await running.seen('the new failure', of('code.service', 'unit_failed'))
    assert.is(running.events().filter(of('code.service', 'unit_failed')).length, 1)
    assert.not.ok(running.events().some(of('victim.service', 'unit_failed')))
  }, options)
})

/** Writes numbered lines to the machine's journal. */
function writeLines (from: number, count: number): void {
  machine.run('sh', '-c', `i=${from}; while [ $i -lt ${from + count} ]; do echo "<3>line $i"; i=$((i+1)); done | systemd-cat -t numbered`)
}

onMachine('stopped and started again in the middle, nothing is lost or told twice', async () => {
  const told: EventRow[] = []
  service('again.service', 'StartLimitIntervalSec=0', 'ExecStart=/bin/sh -c "exit 5"')
  machine.run('systemctl', 'daemon-reload')
  for (let round = 0; round < 5; round++) {
    const running = await start('restart', { journal: { rate_limit: 0 } })
    // Not waited for: the stop comes wherever the reading is.
    if (round > 0) writeLines(round * 100, 50)
    while (!running.logger.lines.some(l => l.message === 'reading the journal')) await new Promise(resolve => setTimeout(resolve, 5))
    machine.run('systemctl', 'start', 'again.service')
    await running.stop()
    told.push(...running.events())
    // While no receiver runs.
    writeLines(round * 100 + 50, 50)
    machine.run('systemctl', 'start', 'again.service')
  }
  const last = await start('restart', { journal: { rate_limit: 0 } })
  await last.seen('the last line', e => e.get('message') === 'line 499')
  while (told.concat(last.events()).filter(of('again.service', 'unit_process_exit')).length < 10) await new Promise(resolve => setTimeout(resolve, 5))
  await last.stop()
  told.push(...last.events())
  const lines = told.filter(e => e.attribute('journal.identifier') === 'numbered').map(e => e.get('message') ?? '')
  const expected = Array.from({ length: 500 }, (_, i) => i).filter(i => i >= 50).map(i => `line ${i}`)
  assert.equal(lines, expected)
  const failures = told.filter(of('again.service', 'unit_failed'))
  assert.is(new Set(failures.map(e => e.attribute('systemd.invocation_id'))).size, 10)
  assert.is(failures.length, 10)
  const ids = told.map(e => e.get('id'))
  assert.is(new Set(ids).size, ids.length)
})

onMachine('a journal read by journalctl itself has what the receiver told', () => {
  const { stdout } = spawnSync('journalctl', ['--directory', machine.journal, '--identifier=numbered', '--output=cat', '--quiet'], { encoding: 'utf8' })
  assert.is(stdout.trim().split('\n').length, 450)
})

test.run()
