/**
 * Records the part of the incident that can be made for real, on this machine, in about a minute:
 *
 *   npm run build && sudo node dist/configs/demo/incident/record.js
 *
 * The receivers ebpf, systemd and otlp of this build watch; nginx takes memory until the kernel kills it at its cgroup's limit,
 * mysqld is asked to end, and the shop's connections to the database are refused from then on. Writes recorded.jsonl.gz: rows in
 * the order in which they arrived, as the file exporter's `json` with `json_raw`. Times are this machine's; make.ts moves them.
 *
 * Kept are rows of the story's own cgroups and network namespaces, and of the kernel's log those that speak of the victim. The one
 * thing that is added: `host.name` and `k8s.node.name`, as one machine plays two nodes.
 */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { accepted, type Outcome } from '../../../core/component/outcome.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { eventToJson } from '../../../core/data/json.js'
import type { EventRow } from '../../../core/data/row.js'
import { kernelTestFault } from '../../../native/testing/kernel.js'
import { memoryCgroupFault } from '../../../receivers/ebpf/testing/memory-cgroup.js'
import { watch } from '../../../receivers/ebpf/testing/watch.js'
import { startReceiver as startOtlp } from '../../../receivers/otlp/start-for-test.js'
import { kmsgFault, kmsgReader } from '../../../receivers/systemd/testing/kmsg-reader.js'
import { startReceiver as startSystemd } from '../../../receivers/systemd/testing/start.js'
import { caller, catalogs, containerIdOf, evicted, leaking, mysql, pods, type StoryPod } from './story.js'
import { gatewayOf, makeNetwork, nodeSpace, removeNetwork, serveMysql, World, worldFault } from './world.js'

const here = dirname(fileURLToPath(import.meta.url))
// dist/configs/demo/incident -> configs/demo/incident
const source = join(here, '..', '..', '..', '..', 'configs', 'demo', 'incident')

const beforeMs = 15_000
const leakMibPerSecond = 150
const untilEvictionMs = 9_000
const untilNextEvictionMs = 4_000
const afterMs = 18_000
const shopSeconds = 120
/** How long kube-proxy takes to know of an endpoint's end. */
const proxyLagMs = 600
/** How often a healthy container is asked whether it lives. */
const probeMs = 10_000

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const byUid = new Map(pods.map(pod => [pod.uid, pod]))
/** Make a container what it is; no part of its story. */
const makers = new Set(['sh', 'nsenter'])

/** Rows of the story as lines, in the order of arrival. */
class Tape {
  readonly lines: string[] = []
  /** What is kept now: nothing, all, or only what the shop still had to send. */
  keeping: 'nothing' | 'all' | 'otlp' = 'nothing'
  /** Where telemetry is received: no part of the story. */
  readonly ports = new Set<number | undefined>()

  constructor (readonly nodes: ReadonlyMap<number, string>) {}

  readonly take = (batch: EventBatch): Outcome => {
    if (this.keeping !== 'nothing') for (const row of batch) this.#take(row)
    return accepted
  }

  has (name: string, pod: StoryPod): boolean { return this.lines.some(line => line.includes(`"name":"${name}"`) && line.includes(pod.uid)) }

  #take (row: EventRow): void {
    if (row.get('source') === 'otlp') { this.lines.push(eventToJson(row, { raw: true })); return }
    if (this.keeping === 'otlp') return
    const node = this.#nodeOf(row)
    if (node === undefined || makers.has(row.get('comm') ?? '') || this.ports.has(row.get('sourcePort')) || this.ports.has(row.get('destinationPort'))) return
    const line = JSON.parse(eventToJson(row, { raw: true })) as { resource: object }
    this.lines.push(JSON.stringify({ ...line, resource: { ...line.resource, 'host.name': node, 'k8s.node.name': node } }))
  }

  #nodeOf (row: EventRow): string | undefined {
    const { attributes } = row.resource
    const pod = byUid.get(String(attributes['k8s.pod.uid'] ?? ''))
    if (pod !== undefined) return pod.node
    if (row.get('source') === 'ebpf') return this.nodes.get(Number(row.attribute('linux.netns') ?? 0))
    return /\bnginx\b/.test(row.get('message') ?? '') ? leaking.node : undefined
  }
}

async function until (what: string, holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 60_000; !holds(); await sleep(10)) if (performance.now() > endMs) throw new Error(`${what} did not come`)
}

async function said (child: ChildProcess): Promise<void> { if (child.stdout !== null) await once(child.stdout, 'data') }

async function play (world: World, tape: Tape, otlp: { readonly grpcPort: number, readonly httpPort: number }): Promise<void> {
  const database = world.start(evicted, evicted.containerId, [world.program('mysqld'), 'listen', String(mysql.port)])
  serveMysql(true)
  const gateway = gatewayOf(caller)
  const shop = world.start(caller, caller.containerId, [process.execPath, join(here, 'shop.js')], {
    OTLP_GRPC: `${gateway}:${otlp.grpcPort}`, OTLP_HTTP: `${gateway}:${otlp.httpPort}`, MYSQL: `${mysql.clusterIp}:${mysql.port}`, SHOP_SECONDS: String(shopSeconds)
  })
  const shopEnded = once(shop, 'close')
  await said(shop)
  tape.keeping = 'all'
  const [healthy] = catalogs
  const probe = setInterval(() => { world.start(healthy, healthy.containerId, ['/usr/bin/test', '-e', '/proc/self']) }, probeMs)
  await sleep(beforeMs)
  const leak = world.start(leaking, leaking.containerId, [world.program('nginx'), 'leak', String(leakMibPerSecond)])
  await once(leak, 'close')
  await until('the OOM kill', () => tape.has('oom_kill', leaking))
  shop.kill('SIGUSR1')
  await sleep(1500)
  const again = world.start(leaking, containerIdOf(leaking.name, 1), [world.program('nginx'), 'idle'])
  await sleep(untilEvictionMs - 1500)
  database.kill('SIGTERM')
  await sleep(proxyLagMs)
  serveMysql(false)
  await sleep(untilNextEvictionMs - proxyLagMs)
  again.kill('SIGTERM')
  await sleep(afterMs)
  clearInterval(probe)
  tape.keeping = 'otlp'
  shop.kill('SIGTERM')
  await shopEnded
}

async function record (): Promise<void> {
  const world = new World(join(source, 'stand-in.c'))
  const tape = new Tape(world.nodes())
  const gateway = gatewayOf(caller)
  const kernel = await watch({ programs: ['process', 'memory', 'network'], rate_limits: { process: 0, memory: 0, network: 0 }, sweep_interval: 1000 })
  const journal = await startSystemd({ bus: { enabled: false }, journal: { command: kmsgReader(world.directory) }, state_directory: join(world.directory, 'state') })
  const otlp = await startOtlp({ protocols: { grpc: { endpoint: `${gateway}:0` }, http: { endpoint: `${gateway}:0` } } })
  for (const port of [otlp.grpcPort, otlp.httpPort]) tape.ports.add(port)
  for (const { next } of [kernel, journal, otlp]) next.answer = tape.take
  try {
    await play(world, tape, otlp)
    await sleep(500)
  } finally {
    tape.keeping = 'nothing'
    for (const { stop } of [kernel, journal, otlp]) await stop()
    await world.close()
  }
  writeFileSync(join(source, 'recorded.jsonl.gz'), gzipSync(`${tape.lines.join('\n')}\n`, { level: 9 }))
  process.stdout.write(`${tape.lines.length} rows recorded\n`)
}

/** The receivers must listen where the pods can reach them: in the network namespace of their node. */
function recordInNode (): number {
  const fault = kernelTestFault() || memoryCgroupFault() || kmsgFault() || worldFault()
  if (fault !== '') { process.stderr.write(`cannot record here: ${fault}\n`); return 1 }
  removeNetwork()
  try {
    makeNetwork()
    return spawnSync('nsenter', [`--net=/run/netns/${nodeSpace}`, process.execPath, '--enable-source-maps', fileURLToPath(import.meta.url), 'inside'], { stdio: 'inherit' }).status ?? 1
  } finally {
    removeNetwork()
  }
}

if (process.argv[2] === 'inside') await record()
else process.exitCode = recordInNode()
