/**
 * Scenario: a real journald in a container that is written to without pause, and a unit that fails again and again, while Tapio reads its
 * journal and listens to its bus, and is killed (SIGKILL) at random moments; then the journal is vacuumed past the saved position.
 * Guarantees: every line and every failed run is delivered; what comes twice has the same id; the store has each once. What the vacuum took
 * is counted.
 * Needs root, systemd, systemd-container, dbus; elsewhere skipped, and it is said why.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../../core/data/testing/random.js'
import { startReceiver } from '../../../receivers/systemd/testing/start.js'
import { Machine, machineFault } from '../../systemd/machine.js'
import { judge, recorded, stored } from './evidence.js'
import { CursorRun, kills } from './run.js'

const fault = machineFault()
if (fault !== '') console.log(`SKIP the systemd receiver under kills on a real journal: ${fault}`)
const test = suite<{ run: CursorRun | undefined }>('systemd receiver under kills')
const onMachine = fault === '' ? test : test.skip

let machine: Machine
test.before(async () => { if (fault === '') machine = await Machine.boot() })
test.after(async () => { if (fault === '') await machine.stop() })
test.after.each(context => { context.run?.destroy() })

/** Numbered lines in the machine's journal. */
function writeLines (from: number, count: number): void {
  machine.run('sh', '-c', `i=${from}; while [ $i -lt ${from + count} ]; do echo "<3>line $i"; i=$((i+1)); done | systemd-cat -t numbered`)
}

/** Other units of the machine may fail as well. */
const isFailure = ({ name, message }: { readonly name: string, readonly message: string }): boolean => name === 'unit_failed' && message.startsWith('again.service')

onMachine(`killed ${kills} times at random moments while the journal grows and a unit fails: nothing lost, doubles have the same id`, async context => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seeded(seed)
  machine.write('again.service', '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sh -c "exit 5"\n')
  machine.run('systemctl', 'daemon-reload')
  const run = context.run = new CursorRun(folder => ({
    systemd: { state_directory: join(folder, 'state'), units: ['again.service'], bus: { address: machine.busAddress }, journal: { directory: machine.journal, rate_limit: 0, start_at: 'beginning' } }
  }))
  let [lines, failures] = [0, 0]
  const happen = (count: number): void => {
    writeLines(lines, count)
    machine.run('systemctl', 'start', 'again.service')
    // A next run that begins before systemd has told of this one's end would be told as its failure.
    machine.run('sh', '-c', 'until systemctl is-failed -q again.service; do :; done')
    lines += count
    failures++
  }
  for (let i = 0; i < kills; i++) {
    happen(200)
    await run.grown(1)
    happen(random.below(300))
    await sleep(random.below(300))
    happen(50)
    await run.kill()
  }
  happen(50)
  const expected = Array.from({ length: lines }, (_, i) => `line ${i}`)
  await run.until('all lines', async () => { const there = new Set((await recorded(run.folder)).map(r => r.message)); return expected.every(l => there.has(l)) }, 300)
  await run.until('all failures', async () => (await stored(run.folder)).filter(isFailure).length >= failures, 300)
  await run.finish()
  const isLine = ({ message }: { readonly message: string }): boolean => /^line \d+$/.test(message)
  const [recording, store] = [await recorded(run.folder), await stored(run.folder)]
  const verdict = judge(expected, recording.filter(isLine), store.filter(isLine), row => row.message)
  const failed = store.filter(isFailure).length
  console.log(`REPORT journal, seed ${seed}: ${lines} lines, ${failures} failures of a unit, ${run.kills} kills; lost ${verdict.lost.length}, delivered again ${verdict.doubled}, of them with another id ${verdict.unrecognisable.length}; failures in the store ${failed}`)
  assert.equal([verdict.lost, verdict.unrecognisable, verdict.storedWrong, failed], [[], [], [], failures], `seed ${seed}`)
})

onMachine('a journal that was vacuumed past the position: what is gone is counted, what is left is read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-vacuumed-'))
  const start = () => startReceiver({ state_directory: join(folder, 'state'), bus: { enabled: false }, journal: { directory: machine.journal, rate_limit: 0, start_at: 'beginning' } })
  const line = (n: number) => (e: { get(name: 'message'): string | undefined }): boolean => e.get('message') === `line ${n}`
  try {
    writeLines(900_000, 10)
    const first = await start()
    await first.seen('the lines', line(900_009))
    await first.stop()
    writeLines(910_000, 30)
    machine.run('journalctl', '--rotate')
    machine.run('journalctl', '--vacuum-files=1')
    writeLines(920_000, 5)
    const second = await start()
    await second.seen('what is left', line(920_004))
    await second.stop()
    const missed = second.meter.values.get('journal_missed_entries') ?? 0
    const read = second.events().map(e => e.get('message') ?? '')
    console.log(`REPORT journal vacuumed past the position: ${missed} entries counted as missed`)
    assert.is(second.meter.values.get('journal_gaps'), 1)
    assert.ok(missed >= 30 && missed < 200, `${missed} missed`)
    assert.not.ok(read.includes('line 910000'))
  } finally { rmSync(folder, { recursive: true, force: true }) }
})

test.run()
