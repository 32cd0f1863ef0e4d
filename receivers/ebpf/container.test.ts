/**
 * Scenario: a container of a real containerd, run over CRI, is OOM-killed; nothing is read from the kernel until its cgroup is gone.
 * Guarantees: one event that names victim, cgroup, container and pod all the same, linked to its raw record, which `tapio raw` prints.
 * Needs root, containerd, runc, busybox-static; elsewhere skipped, and it is said why.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted } from '../../core/component/outcome.js'
import { fetchRaw, fieldsOf } from '../../core/rawstore/query.js'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { Containerd, containerdFault, type Status } from './testing/containerd.js'
import { memoryCgroupFault } from './testing/memory-cgroup.js'
import { watch } from './testing/watch.js'

const fault = kernelTestFault() || memoryCgroupFault() || containerdFault()
if (fault !== '') console.log(`SKIP an OOM kill in a real container: ${fault}`)
const containers = suite('containers')
const incident = fault === '' ? containers : containers.skip

const uid = '2ca4a155-3599-498d-bb9d-4446693fa3ea'
const main = fileURLToPath(new URL('../../core/cli/main.js', import.meta.url))

/** Asks again until the answer fits; fails with the last one after 30 s. */
async function until<T> (what: string, ask: () => T | Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  for (const endMs = Date.now() + 30_000; ;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (Date.now() > endMs) throw new Error(`${what}: still ${JSON.stringify(answer)}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

incident('an OOM-killed container is named although its cgroup is gone, and its raw record is kept', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-raw-'))
  const containerd = await Containerd.start()
  const watching = await watch({ programs: ['process', 'memory'], rate_limits: { process: 0, memory: 0 }, poll_interval: 2, raw_store: { enabled: true, directory, flush_interval: 50 } })
  try {
    const pod = await containerd.runPod(uid)
    // The first batch that comes holds the receiver up, and with it the reading of the ring.
    let open = (): void => undefined
    const gate = new Promise<void>(resolve => { open = resolve })
    let held = 0
    watching.next.answer = async () => { held++; await gate; return accepted }
    spawnSync('/bin/true')
    await until('the receiver is held up', () => held, n => n === 1)
    const containerId = await containerd.runContainer(pod, ['/bin/busybox', 'tail', '/dev/zero'], 32 << 20)
    const status = await until<Status>('the container has ended', () => containerd.status(containerId), s => s.state === 2)
    assert.equal([status.exitCode, status.reason], [137, 'OOMKilled'], 'containerd saw it too')
    const path = `${pod.cgroup}/${containerId}`
    await until('the cgroup is gone', () => containerd.directoriesOf(path), d => d.length === 0)
    open()
    const kill = await watching.seen('OOM kill', e => e.get('name') === 'oom_kill' && e.resource.attributes['container.id'] === containerId)
    const { attributes } = kill.resource
    assert.equal([attributes['k8s.pod.uid'], attributes['tapio.k8s.pod.qos'], attributes['process.linux.cgroup']], [uid, 'burstable', path])
    assert.match(String(attributes['tapio.identity.via']), /^(memory_)?cgroup$/)
    assert.is(kill.get('comm'), 'busybox')
    assert.match(kill.get('message') ?? '', new RegExp(`^OOM kill: busybox \\(pid ${kill.get('pid')}\\) with .* in cgroup ${path} at its limit of 32 MiB`))
    const exit = await watching.seen('exit', e => e.get('name') === 'exit' && e.get('pid') === kill.get('pid'))
    assert.equal([exit.get('exitSignal'), exit.resource.attributes['container.id'], exit.attribute('linux.oom.victim')], [9, containerId, true])
    assert.ok((exit.attribute('tapio.process.ancestors') as string[]).some(a => a.startsWith('containerd-shim')), String(exit.attribute('tapio.process.ancestors')))
    assert.is(watching.events().filter(e => e.get('name') === 'oom_kill' && e.resource.attributes['k8s.pod.uid'] === uid).length, 1)
    await watching.stop()
    const id = kill.attribute('tapio.raw.id') as string
    const record = await fetchRaw(directory, id)
    assert.ok(record !== undefined && Buffer.from(record.bytes).equals(kill.raw as Buffer), 'the raw record is the event\'s, bit for bit')
    assert.equal([record.type?.name, record.pid, fieldsOf(record)['comm']], ['oom_kill', kill.get('pid'), 'busybox'])
    const { stdout } = spawnSync(process.execPath, [main, 'raw', '--dir', directory, '--since', '5m', '--type', 'oom_kill', '--cgroup', String(kill.get('cgroupId')), '-o', 'json'], { encoding: 'utf8' })
    assert.equal(stdout.trim().split('\n').map(line => (JSON.parse(line) as { id: string }).id), [id])
  } finally {
    await watching.stop()
    await containerd.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

containers.run()
