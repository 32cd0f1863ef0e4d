/**
 * Scenario: a real containerd with real CNI plugins. A container of a pod is OOM-killed; its sandbox is made again when the range
 * of addresses is full, and fails.
 * Guarantees: the ebpf receiver sees the first, the cni receiver the second, and both name one pod by the same attributes; the
 * systemd receiver knows the kernel log's lines of the kill for the same one and tells nothing twice.
 * Does not show: what kubelet does; the pod's sandbox is made anew by the test.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventRow } from '../../core/data/row.js'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { parseAttachment } from '../../receivers/cni/attachments.js'
import { Node, nodeFault } from '../../receivers/cni/testing/node.js'
import { watch as watchCni } from '../../receivers/cni/testing/watch.js'
import { Containerd, containerdFault, type Status } from '../../receivers/ebpf/testing/containerd.js'
import { memoryCgroupFault } from '../../receivers/ebpf/testing/memory-cgroup.js'
import { watch as watchKernel } from '../../receivers/ebpf/testing/watch.js'
import { kmsgFault, kmsgReader } from '../../receivers/systemd/testing/kmsg-reader.js'
import { startReceiver as startSystemd } from '../../receivers/systemd/testing/start.js'

const fault = kernelTestFault() || memoryCgroupFault() || containerdFault() || nodeFault() || kmsgFault()
if (fault !== '') console.log(`SKIP one pod seen by kernel and CNI: ${fault}`)
const pods = suite('one pod')
const incident = fault === '' ? pods : pods.skip

const [uid, other] = ['6f1f7dc3-50a6-4c5b-9d75-5b0a9b6f3c11', 'b36c8de2-8c2e-4f4f-a1a8-0f2f54f6a0de']
/** libcni's own: containerd has no option for it. */
const cacheDir = '/var/lib/cni/results'

const ofPod = (name: string) => (e: EventRow): boolean => e.get('name') === name && e.resource.attributes['k8s.pod.uid'] === uid

async function ended (containerd: Containerd, containerId: string): Promise<Status> {
  for (const endMs = Date.now() + 30_000; ;) {
    const status = await containerd.status(containerId)
    if (status.state === 2) return status
    if (Date.now() > endMs) throw new Error(`the container still runs: ${JSON.stringify(status)}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

incident('an OOM kill and a failed IPAM are told of the same pod', async () => {
  const node = new Node(`pod-${process.pid}`)
  const name = `tapio-${process.pid}`
  const { type, ...bridge } = node.network(name, '10.78.9.0/30')
  const plugin = { ...bridge, type, bridge: 'brpod' }
  node.conf('10-pod.conflist', { cniVersion: '0.4.0', name, plugins: [plugin] })
  const containerd = await Containerd.start({ netns: `${node.name}-node`, confDir: node.confDir, binDir: node.binDir })
  const kernel = await watchKernel({ programs: ['process', 'memory'], rate_limits: { process: 0, memory: 0 } })
  const directory = mkdtempSync(join(tmpdir(), 'tapio-pod-'))
  const systemd = await startSystemd({ bus: { enabled: false }, journal: { command: kmsgReader(directory) }, state_directory: join(directory, 'state') })
  const cni = await watchCni({ ...node.options, cache_dir: cacheDir, netns_dirs: ['/run/netns'], processes: true, plugin_runs: { enabled: true } })
  try {
    const first = await containerd.runPod(uid)
    const netns = parseAttachment(readFileSync(join(cacheDir, `${name}-${first.sandboxId}-eth0`), 'utf8'))?.netns ?? ''
    let mtu = 1400
    const link = await cni.seenAfter('a change of the pod\'s interface', e => ofPod('link_changed')(e) && e.get('interfaceName') === 'eth0', () => { node.ip('-n', basename(netns), 'link', 'set', 'eth0', 'mtu', String(mtu++)) })
    assert.equal([link.get('entityName'), link.get('entityNamespace'), link.get('interfaceName'), link.resource.attributes['container.id']], ['shop', 'default', 'eth0', first.sandboxId])
    await cni.seen('exhaustion', e => e.get('name') === 'ipam_exhausted' && e.attribute('tapio.cni.network') === name)
    const containerId = await containerd.runContainer(first, ['/bin/busybox', 'tail', '/dev/zero'], 32 << 20)
    assert.is((await ended(containerd, containerId)).reason, 'OOMKilled')
    const kill = await kernel.seen('OOM kill', ofPod('oom_kill'))
    assert.is(kill.resource.attributes['container.id'], containerId)
    for (const end = Date.now() + 20_000; (systemd.drops.get('duplicate') ?? 0) === 0 && Date.now() < end;) await new Promise(resolve => setTimeout(resolve, 10))
    assert.is(systemd.drops.get('duplicate'), 1)
    await containerd.removePod(first)
    await containerd.runPod(other, 'greedy')
    let attempt = 0
    const failedIpam = (e: EventRow): boolean => ofPod('cni_plugin_failed')(e) && e.attribute('tapio.cni.plugin') === 'host-local' && e.get('action') === 'ADD'
    const failed = await cni.seenAfter('the failed IPAM plugin', failedIpam, async () => {
      const refused = await containerd.runPod(uid, 'shop', ++attempt).then(() => '', (error: unknown) => (error as Error).message)
      assert.match(refused, /no IP addresses available in range set/)
    })
    assert.equal([failed.severityName, failed.get('entityName'), failed.get('entityUid'), failed.resource.attributes['k8s.pod.uid']], ['error', 'shop', uid, kill.resource.attributes['k8s.pod.uid']])
  } finally {
    await cni.stop()
    await kernel.stop()
    await systemd.stop()
    await containerd.stop()
    node.close()
    rmSync(directory, { recursive: true, force: true })
    try {
      for (const file of readdirSync(cacheDir)) if (file.startsWith(`${name}-`)) rmSync(join(cacheDir, file))
    } catch {} // never made
  }
})

pods.run()
