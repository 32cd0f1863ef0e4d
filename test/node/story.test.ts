/**
 * Scenario: pod `cart` runs in a real containerd and is OOM-killed at its memory limit by the first request of pod `web`, a real process
 * in the pod's network namespace and cgroup, whose further requests are refused; it tells them as spans with the OpenTelemetry SDK.
 * One Tapio in mode high-performance hears of it from the kernel (ebpf), Kubernetes and OTLP.
 * Guarantees: one incident, the OOM kill of cart's Deployment, from the kernel to the failing trace; nobody else is named; every span
 * goes on as it was sent.
 * Does not show: an API server and a kubelet, whose part the stand-in plays with the real ids and addresses.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventRow } from '../../core/data/row.js'
import type { Incident } from '../../core/incidents/incident.js'
import type { Instance } from '../../core/instance.js'
import { pipeline } from '../../core/library.js'
import { until } from '../../core/otlp/testing/harness.js'
import { openStore } from '../../core/store/open.js'
import { silentLogger } from '../../core/testing/services.js'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { parseAttachment } from '../../receivers/cni/attachments.js'
import { Node, nodeFault } from '../../receivers/cni/testing/node.js'
import { Containerd, containerdFault, type Pod } from '../../receivers/ebpf/testing/containerd.js'
import { memoryCgroupFault } from '../../receivers/ebpf/testing/memory-cgroup.js'
import { startReceiver as startBackend, type Started } from '../../receivers/otlp/start-for-test.js'
import { Cluster, namespace, nodeName, podOf, type App, type Place } from './story-cluster.js'

const fault = kernelTestFault() || memoryCgroupFault() || containerdFault() || nodeFault()
if (fault !== '') console.log(`SKIP a story on live components: ${fault}`)
const stories = suite('a story on live components')
const story = fault === '' ? stories : stories.skip

const limitBytes = 32 << 20
const cart: App = { name: 'cart', port: 8080, memory: '32Mi', uid: '2b3c5a0e-7d61-4f0c-9f3a-51c1c8e1d701' }
const web: App = { name: 'web', port: 8081, memory: '512Mi', uid: '8f0d7a52-3f43-4c0a-a7ad-0d4bd4d6b702', env: [{ name: 'CART_ADDR', value: 'cart:8080' }] }
const bystander: App = { name: 'search', port: 8082, memory: '64Mi', uid: '5c1e9b64-0b8e-4b43-8b1c-3e2f5d7ac703' }
/** libcni's own: containerd has no option for it. */
const cacheDir = '/var/lib/cni/results'

/** `record`: its bytes in hex. */
interface SentSpan { readonly traceId: string, readonly exception: string, readonly record: string }

interface Sandbox { readonly pod: Pod, readonly ip: string, readonly netns: string, readonly inode: number }

/** Polls; `what` must come within 30 s, else it fails with what there is instead. */
async function eventually<T> (what: string, look: () => Promise<T | undefined>, instead: () => Promise<string> = () => Promise.resolve('')): Promise<T> {
  for (const endMs = Date.now() + 30_000; ;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > endMs) throw new Error(`never came: ${what}\n${await instead()}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function sandboxOf (containerd: Containerd, network: string, app: App): Promise<Sandbox> {
  const pod = await containerd.runPod(app.uid, podOf(app))
  const attached = parseAttachment(readFileSync(join(cacheDir, `${network}-${pod.sandboxId}-eth0`), 'utf8'))
  const netns = attached?.netns ?? ''
  return { pod, netns, ip: attached?.addresses[0] ?? '', inode: statSync(netns).ino }
}

/** Whether somebody listens on `port` in the namespace. */
function listens (netns: string, port: number): boolean {
  const { stdout } = spawnSync('nsenter', [`--net=${netns}`, 'cat', '/proc/net/tcp', '/proc/net/tcp6'], { encoding: 'utf8' })
  return new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0:]+ 0A `).test(stdout)
}

/** Starts story-web.ts inside of the container: in its cgroups and its pod's network. */
function startWeb (containerd: Containerd, { pod, netns }: Sandbox, containerId: string, env: Readonly<Record<string, string>>): ChildProcess {
  const joined = containerd.directoriesOf(join(pod.cgroup, containerId)).map(d => `echo $$ > ${d}/cgroup.procs && `).join('')
  const script = fileURLToPath(new URL('./story-web.js', import.meta.url))
  return spawn('sh', ['-c', `${joined}exec nsenter --net=${netns} '${process.execPath}' '${script}'`], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
}

async function spansOf (child: ChildProcess): Promise<SentSpan[]> {
  let text = ''
  child.stdout?.on('data', (d: Buffer) => { text += d.toString() })
  await once(child, 'close')
  return JSON.parse(text) as SentSpan[]
}

interface Ends { readonly directory: string, readonly socket: string, readonly apiServer: string, readonly backend: Started, readonly netns: readonly number[] }

/** `netns`: other tests on this machine make kernel events too. */
function tapioOf ({ directory, socket, apiServer, backend, netns }: Ends): Promise<Instance> {
  return pipeline().withMode('high-performance').withLogger(silentLogger).withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
    .receiver('ebpf', { programs: ['process', 'memory', 'network'], filters: { include_netns: netns }, poll_interval: '2ms', raw_store: { enabled: false } })
    .receiver('kubernetes', { auth_type: 'none', api_server: apiServer, objects: 'all', checkpoint: { enabled: false } })
    .receiver('otlp', { protocols: { grpc: { endpoint: `unix://${socket}` } } })
    .processor('context', { node: nodeName }).processor('k8s_correlation').processor('temporal_correlation').processor('impact').processor('incident')
    .exporter('store', { directory: join(directory, 'store') })
    .exporter('otlp', { endpoint: `127.0.0.1:${backend.grpcPort}`, tls: { insecure: true } })
    .build()
}

/** What `use` needs; all of it ends and goes, whatever happens. */
async function withNode (use: (live: { readonly containerd: Containerd, readonly cluster: Cluster, readonly directory: string, readonly network: string, readonly after: (end: () => unknown) => void }) => Promise<void>): Promise<void> {
  const ends: (() => unknown)[] = []
  const after = (end: () => unknown): void => { ends.push(end) }
  const network = `tapio-story-${process.pid}`
  try {
    const directory = mkdtempSync(join(tmpdir(), 'tapio-story-'))
    after(() => { rmSync(directory, { recursive: true, force: true }) })
    after(() => { for (const file of readdirSync(cacheDir)) if (file.startsWith(`${network}-`)) rmSync(join(cacheDir, file)) })
    const node = new Node(`story-${process.pid}`)
    after(() => { node.close() })
    node.conf('10-pod.conflist', { cniVersion: '0.4.0', name: network, plugins: [{ ...node.network(network, '10.78.10.0/24'), bridge: 'brstory' }] })
    const containerd = await Containerd.start({ netns: `${node.name}-node`, confDir: node.confDir, binDir: node.binDir })
    after(() => containerd.stop())
    const cluster = new Cluster()
    after(() => cluster.server.stop())
    await use({ containerd, cluster, directory, network, after })
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function stored (directory: string): Promise<Incident[]> {
  const store = await openStore(join(directory, 'store'), { readOnly: true })
  try {
    return [...(await store.incidents({})).incidents]
  } finally {
    await store.close()
  }
}

/** For people who look at a failure: cause, chain and who is affected. */
function outline ({ status, title, hypotheses, chain, impact }: Incident): string {
  const steps = chain.map((s, i) => `  ${i} ${s.sign} ${s.entity.kind} ${s.entity.name} ${s.text} <- ${s.causes.map(c => c.step).join(',')}`)
  return [`${status}: ${title} (${hypotheses.map(h => `${h.cause} of ${h.subject.kind} ${h.subject.name} ${h.score}`).join('; ')})`, ...steps, ...impact.affected.map(a => `  ${a.state} ${a.entity.kind} ${a.entity.name}: ${a.why}`)].join('\n')
}

story('an OOM kill is one incident from the kernel to the trace', async () => {
  await withNode(async ({ containerd, cluster, directory, network, after }) => {
    const [cartBox, webBox] = [await sandboxOf(containerd, network, cart), await sandboxOf(containerd, network, web)]
    cluster.putNode()
    cluster.put(bystander, { ip: '10.78.10.200', containerId: 'c'.repeat(64) })
    const backend = await startBackend()
    after(() => backend.stop())
    const socket = join(directory, 'otlp.sock')
    const tapio = await tapioOf({ directory, socket, apiServer: await cluster.server.start(), backend, netns: [cartBox.inode, webBox.inode] })
    await tapio.start()
    let isStopped = false
    after(() => isStopped ? undefined : tapio.stop())

    const cartPlace: Place = { ip: cartBox.ip, containerId: await containerd.runContainer(cartBox.pod, ['/bin/busybox', 'nc', '-l', '-p', String(cart.port), '-e', '/bin/busybox', 'tail', '/dev/zero'], limitBytes) }
    const webPlace: Place = { ip: webBox.ip, containerId: await containerd.runContainer(webBox.pod, ['/bin/busybox', 'sleep', '1000000'], 512 << 20) }
    cluster.put(cart, cartPlace)
    cluster.put(web, webPlace)
    await eventually('cart listens', async () => listens(cartBox.netns, cart.port) || undefined)

    const child = startWeb(containerd, webBox, webPlace.containerId, { CART: `${cartBox.ip}:${cart.port}`, OTLP: `unix://${socket}`, POD_UID: web.uid, FAILURES: '8' })
    after(() => { child.kill('SIGKILL') })
    const spansSent = spansOf(child)
    const status = await eventually('the end of cart\'s container', async () => {
      const seen = await containerd.status(cartPlace.containerId)
      return seen.state === 2 ? seen : undefined
    })
    assert.is(status.reason, 'OOMKilled')
    cluster.killed(cart, cartPlace, status.exitCode)
    const sent = await spansSent
    const failing = sent.filter(s => s.exception.includes('ECONNREFUSED'))
    assert.ok(failing.length >= 8, `refused: ${JSON.stringify(sent)}`)

    const isWhole = (i: Incident): boolean => i.chain.some(s => s.layer === 'app') && i.chain.some(s => s.layer === 'net') && i.chain.some(s => s.layer === 'k8s')
    await eventually('an incident of all layers', async () => (await stored(directory).catch(() => [])).find(isWhole), async () => (await stored(directory)).map(outline).join('\n'))
    await until(() => rowsAt(backend).length >= sent.length, 'all spans at the backend')
    await tapio.stop()
    isStopped = true
    const incidents = await stored(directory)
    isTheStory(incidents)
    isTold(directory, failing[0]?.traceId ?? '')
    arrivedUnharmed(backend, sent)
  })
})

function isTheStory (incidents: readonly Incident[]): void {
  const told = incidents.map(outline).join('\n')
  assert.equal(incidents.map(i => i.status), ['open'], told)
  const [incident] = incidents as [Incident]
  const [best] = incident.hypotheses
  assert.equal([best?.cause, best?.subject.kind, best?.subject.namespace, best?.subject.name], ['oom_killed', 'Deployment', namespace, cart.name], told)
  for (const [cause, effect] of edges) assert.ok(isJoined(incident, cause, effect), `${cause} -> ${effect} in\n${told}`)
  assert.equal(incident.impact.affected.map(a => `${a.state} ${a.entity.kind} ${a.entity.name}`).sort(), affected, told)
}

/** Signs, cause and effect: directly or by steps between. */
const edges = [['kernel.oom_kill', 'k8s.container_oom_killed'], ['k8s.container_oom_killed', 'k8s.no_endpoints'], ['kernel.oom_kill', 'net.connection_refused'], ['net.connection_refused', 'app.http_5xx']] as const

/** All, and nobody else: the Service and Deployment beside them are well. */
const affected = ['degraded Deployment web', 'degraded Service web', 'failed Deployment cart', `failed Pod ${podOf(cart)}`, `failed Pod ${podOf(web)}`, 'failed Service cart']

function isJoined ({ chain }: Incident, cause: string, effect: string): boolean {
  const comesFrom = (step: number): boolean => chain[step]?.sign === cause || (chain[step]?.causes ?? []).some(c => comesFrom(c.step))
  return chain.some(({ sign }, i) => sign === effect && comesFrom(i))
}

/** By the command line, from the store of a Tapio that has ended. */
function isTold (directory: string, traceId: string): void {
  const main = fileURLToPath(new URL('../../core/cli/main.js', import.meta.url))
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, 'correlate', '--trace-id', traceId, '--store', join(directory, 'store'), '--no-color'], { encoding: 'utf8' })
  assert.equal([status, stderr], [0, ''])
  assert.match(stdout, /Root Cause: Deployment default\/cart needs more memory than its limit allows:\s+OOMKilled/)
  for (const tag of ['[KERNEL]', '[K8S]', '[NET]', '[APP]']) assert.ok(stdout.includes(tag), `no ${tag} in\n${stdout}`)
  assert.match(stdout, /kubectl set resources deployment cart -n default --limits=memory=/)
}

/** Tapio's own trace of the incident comes there too. */
const rowsAt = (backend: Started): EventRow[] => backend.next.batches.flatMap(b => [...b]).filter(row => row.resource.attributes['service.name'] === web.name)

function arrivedUnharmed (backend: Started, sent: readonly SentSpan[]): void {
  const rows = rowsAt(backend)
  assert.equal(rows.map(row => Buffer.from(row.raw ?? []).toString('hex')).sort(), sent.map(s => s.record).sort())
  const names = rows.map(({ resource: { attributes: a } }) => [a['k8s.pod.uid'], a['k8s.pod.name'], a['k8s.deployment.name']].join(' '))
  assert.equal([...new Set(names)], [`${web.uid} ${podOf(web)} ${web.name}`])
}

stories.run()
