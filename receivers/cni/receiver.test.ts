/** What needs no privileges: a machine without CNI, a pipeline that is full, and a user who may look at little. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, retry } from '../../core/component/outcome.js'
import { turn, watch } from './testing/watch.js'

const receiver = suite<{ directory: string }>('receiver')
receiver.before.each(context => { context.directory = mkdtempSync(join(tmpdir(), 'tapio-cni-')) })
receiver.after.each(({ directory }) => { rmSync(directory, { recursive: true }) })

/** Everything below a directory of the test; of the machine only Tapio's own network namespace is seen. */
const below = (directory: string) => ({
  conf_dir: join(directory, 'net.d'), bin_dirs: [join(directory, 'bin')], ipam_dir: join(directory, 'networks'), cache_dir: join(directory, 'results'), netns_dirs: [join(directory, 'netns')],
  processes: false, changes: [], rescan_interval: 100, plugin_runs: { enabled: false }
})
const broken = (directory: string): void => {
  mkdirSync(join(directory, 'net.d'), { recursive: true })
  writeFileSync(join(directory, 'net.d/10-a.conf'), '{')
}

receiver('a machine without CNI has nothing to report, until it has', async ({ directory }) => {
  const watching = await watch(below(directory))
  try {
    assert.equal(watching.status.events, ['ok'])
    assert.ok(watching.logger.lines.some(l => l.message.startsWith('there is no CNI configuration directory')))
    broken(directory)
    await watching.seen('the fault', turn('cni_conf_invalid', 'started'))
    assert.not(watching.events().some(e => e.get('name') === 'cni_conf_missing'), 'the directory was never empty')
  } finally {
    await watching.stop()
  }
})

receiver('a pipeline that is full is waited for, and gets each problem once', async ({ directory }) => {
  broken(directory)
  const watching = await watch(below(directory))
  try {
    let asked = 0
    await new Promise<void>(resolve => {
      watching.next.answer = () => { if (++asked < 3) return retry('full', 1); resolve(); return accepted }
    })
    writeFileSync(join(directory, 'net.d/10-a.conf'), '[]')
    await watching.seen('the second fault', turn('cni_conf_invalid', 'started', 'holds a list'))
    await watching.seen('the end of the first', turn('cni_conf_invalid', 'resolved', 'is not JSON'))
    assert.is(watching.events().filter(turn('cni_conf_invalid', 'started', 'is not JSON')).length, 1)
  } finally {
    await watching.stop()
  }
})

receiver('what a full pipeline never takes is counted when Tapio ends', async ({ directory }) => {
  broken(directory)
  const watching = await watch(below(directory))
  await new Promise<void>(resolve => { watching.next.answer = () => { resolve(); return retry('full', 1) } })
  await watching.stop(50)
  assert.equal([...watching.drops], [['shutdown', 1]])
})

const root = process.getuid?.() === 0
if (!root) console.log('SKIP a user without privileges: needs root to become one')
const privileged = root ? receiver : receiver.skip

privileged('without privileges each part that cannot work says so once, and files are watched', async ({ directory }) => {
  broken(directory)
  chmodSync(directory, 0o755)
  const script = fileURLToPath(new URL('./testing/unprivileged-child.js', import.meta.url))
  const child = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (d: Buffer) => { text += d.toString() })
  const [code] = await once(child, 'close')
  assert.is(code, 0, text)
  const { warnings, events, status } = JSON.parse(text) as { warnings: string[], events: string[], status: string[] }
  assert.equal(warnings, ['runs of CNI plugins cannot be watched; everything else goes on'])
  assert.equal([events, status], [['cni_conf_invalid'], ['ok']])
})

receiver.run()
