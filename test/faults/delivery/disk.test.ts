/**
 * Scenario: the disk of the queue is full, and has room again; it fails and becomes read-only under load, is repaired, and Tapio starts
 * again. Each on a file system of its own.
 * Guarantees: senders are asked to come again, or, with `drop_newest`, exactly what is counted is missing; health says why and readiness
 * is false; it goes on when there is room, without anybody's help; no files are left behind by attempts on a full disk. lost = 0,
 * but for the one write that a failing disk answers for and does not keep.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { again, eventually, faultSuite, finish, line, load, metricsOf, settled, start, type Context, type Scene } from './scene.js'
import { PrivateDisk } from './private-disk.js'

const faults = faultSuite('a disk that is full, read-only or broken')

async function onDisk (context: Context, kind: 'tmpfs' | 'ext4', bytes: number, test: (disk: PrivateDisk) => Promise<void>): Promise<void> {
  const disk = await PrivateDisk.mount(context.folder, kind, bytes)
  if (!(disk instanceof PrivateDisk)) { console.log(`\nSKIP ${kind}: ${disk.skip}`); return }
  try {
    await test(disk)
  } finally {
    for (const process of context.running) process.destroy()
    disk.destroy()
  }
}

const notReady = async ({ tapio }: Scene): Promise<string> => await (await fetch(`${tapio.telemetry}/readyz`)).text()

faults('a full disk: clients are told to wait and health says why; everything arrives when there is room', async context => {
  await onDisk(context, 'tmpfs', 1 << 20, async disk => {
    const scene = await start(context, { directory: disk.directory, supervised: { within: disk.within }, queue: { fsync: 'always' } })
    const { ledger, backend } = scene
    backend.behaviour = 'unavailable'
    await load(scene, 400)()
    await disk.fill()
    const sent = load(scene, 3000, 2, 1000)
    await eventually('not ready on a full disk', () => notReady(scene), text => /the sending queue cannot take more.*ENOSPC/.test(text))
    backend.behaviour = 'takes'
    await eventually('what is on the disk is delivered while it is full', () => ledger.missing, missing => missing === 0)
    const files = (await disk.shell('ls queue')).split('\n').length
    assert.ok(files < 20, `${files} files`)
    await disk.makeRoom()
    const report = await sent()
    await settled(scene)
    await eventually('ready again', () => notReady(scene), text => /"ready": true/.test(text))
    assert.equal((await metricsOf(scene)).drops('exporter/otlp'), {})
    await finish(scene)
    console.log(`\nREPORT full disk: ${line(ledger.totals())}; client: ${report.retries} retries, ${report.withHint} with a hint`)
    assert.ok(report.withHint > 0)
    assert.equal([ledger.totals().lost, ledger.totals().acknowledged, ledger.totals().deliveredAgain], [[], 3400, 0])
  })
})

faults('a full disk with `drop_newest`: clients never wait, exactly what is counted is missing', async context => {
  await onDisk(context, 'tmpfs', 1 << 20, async disk => {
    const scene = await start(context, { directory: disk.directory, supervised: { within: disk.within }, queue: { when_full: 'drop_newest' } })
    const { ledger, backend } = scene
    backend.behaviour = 'unavailable'
    await load(scene, 400)()
    await disk.fill()
    const report = await load(scene, 2000, 2, 1000)()
    assert.is(report.retries - (report.statuses.get(0) ?? 0), 0)
    backend.behaviour = 'takes'
    const metrics = await eventually('the queue is empty', () => metricsOf(scene), m => m.sum('tapio_sending_queue_batches') === 0)
    const { lost } = ledger.totals()
    assert.ok(lost.length > 0)
    assert.equal(metrics.drops('exporter/otlp'), { queue_unwritable: lost.length })
    await finish(scene)
    console.log(`\nREPORT full disk, drop_newest: ${line(ledger.totals())}; ${lost.length} counted as queue_unwritable`)
  })
})

/**
 * What one write may hold: a batch of each connection. The `fdatasync` that is under way when ext4 fails may answer 0 though nothing of it
 * survives the repair: in 8 of 80 runs of a program that does nothing but write and fdatasync (Linux 6.18, `trigger_fs_error`), the last
 * answer before the first error. No program can know; all before it is there.
 */
const doubtful = 8 * 20

faults('a disk that fails and becomes read-only: clients wait, what it holds is delivered; after its repair nothing is lost but what was being forced to it', async context => {
  await onDisk(context, 'ext4', 16 << 20, async disk => {
    const scene = await start(context, { directory: disk.directory, supervised: { within: disk.within }, queue: { fsync: 'always' } })
    const { ledger, backend } = scene
    backend.behaviour = 'unavailable'
    await load(scene, 400)()
    const sent = load(scene, 1000, 2, 1000)
    await disk.fail()
    await eventually('not ready on a broken disk', () => notReady(scene), text => /the sending queue cannot take more.*(EROFS|EIO)/.test(text))
    await scene.tapio.terminate()
    await scene.tapio.ended
    const last = new Set(ledger.acknowledgedIds.slice(-doubtful))
    await disk.repair()
    backend.behaviour = 'takes'
    const next = again(context, scene)
    await sent()
    await eventually('all that is there is delivered', () => metricsOf(next), m => m.sum('tapio_sending_queue_batches') === 0)
    await finish(next)
    const { lost, acknowledged } = ledger.totals()
    console.log(`\nREPORT broken disk: ${line(ledger.totals())}`)
    assert.equal([lost.filter(id => !last.has(id)), acknowledged], [[], 1400])
  })
})

faults('a directory that cannot be used at the start: the error names it, and nothing is begun', async context => {
  await onDisk(context, 'tmpfs', 1 << 20, async disk => {
    await disk.shell('mount -o remount,ro .')
    const scene = await start(context, { directory: disk.directory, supervised: { within: disk.within } })
    const ended = await scene.tapio.ended.then(() => 'in order', (error: Error) => error.message)
    assert.match(ended, /ended with 1/)
    assert.ok(ended.includes('queue'), ended)
    assert.match(ended, new RegExp(`exporter/otlp did not start: the queue's directory ${disk.directory}/queue cannot be used: EROFS`))
    assert.equal(readdirSync(join(context.folder, 'disk')), [])
  })
})

faults.run()
