/**
 * Scenario: a process is OOM-killed for real; the ebpf and the systemd receiver run in one process, the latter on the kernel's own log.
 * Guarantees: one event of the kill, the ebpf receiver's; without that receiver one from the log, with the same victim and cgroup.
 * A script turns /dev/kmsg into what journalctl would print: journald may not run here. Needs what the ebpf receiver needs.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { memoryCgroupFault, MemoryCgroup } from '../../receivers/ebpf/testing/memory-cgroup.js'
import { watch } from '../../receivers/ebpf/testing/watch.js'
import { kmsgFault, kmsgReader } from '../../receivers/systemd/testing/kmsg-reader.js'
import { startReceiver } from '../../receivers/systemd/testing/start.js'

const fault = kernelTestFault() || memoryCgroupFault() || kmsgFault()
if (fault !== '') console.log(`SKIP one OOM kill, two receivers: ${fault}`)
const test = suite('one OOM kill, two receivers')
const killed = fault === '' ? test : test.skip

async function scenario (withEbpf: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-oom-'))
  const cgroup = new MemoryCgroup(`/tapio-systemd-${process.pid}-${withEbpf}`, 32 << 20)
  const ebpf = withEbpf ? await watch({ programs: ['memory'], rate_limits: { memory: 0 } }) : undefined
  const systemd = await startReceiver({ bus: { enabled: false }, journal: { command: kmsgReader(directory) }, state_directory: join(directory, 'state') })
  try {
    await new Promise<void>(resolve => { const look = setInterval(() => { if (systemd.logger.lines.some(l => l.message === 'reading the journal')) { clearInterval(look); resolve() } }, 5) })
    const { status, signal } = spawnSync('sh', ['-c', `${cgroup.join} && exec '${process.execPath}' -e 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))'`])
    assert.is(signal ?? status, 'SIGKILL')
    const isOurs = (e: { resource: { attributes: object } }): boolean => JSON.stringify(e.resource.attributes).includes(cgroup.path)
    if (ebpf === undefined) {
      const kill = await systemd.seen('kill', e => e.get('name') === 'oom_kill' && isOurs(e))
      assert.is(kill.attribute('linux.oom.constraint'), 'memcg')
      return
    }
    await ebpf.seen('kill', e => e.get('name') === 'oom_kill' && isOurs(e))
    for (const end = Date.now() + 20_000; (systemd.drops.get('duplicate') ?? 0) === 0 && Date.now() < end;) await new Promise(resolve => setTimeout(resolve, 10))
    assert.is(systemd.drops.get('duplicate'), 1)
    assert.not.ok(systemd.events().some(e => e.get('name') === 'oom_kill' && isOurs(e)))
  } finally {
    await systemd.stop()
    await ebpf?.stop()
    cgroup.remove()
    rmSync(directory, { recursive: true, force: true })
  }
}

killed('with the ebpf receiver beside it the kill comes once', () => scenario(true))
killed('without, the kernel\'s log tells it', () => scenario(false))

test.run()
