/** What a healthy cluster says all day, and the warnings nobody minds. */
import { alive } from './controllers.js'
import { thing } from './objects.js'
import { iso, type NodePart, type Pod } from './parts.js'
import { taskOf } from './pod-life.js'
import { entriesOf, skewOf, type Traffic } from './traffic.js'
import type { World } from './world.js'

/** `volume` 1: some twenty rows a second beside the requests of the applications. */
export function background (world: World, traffic: Traffic, namespaces: readonly string[], volume: number): void {
  const { sim } = world
  for (const namespace of namespaces) {
    sim.repeat(sim.startMs + world.dice.below(1000), () => {
      for (const entry of entriesOf(world, namespace)) traffic.request(entry)
      return world.dice.between(1200, 2800)
    })
  }
  sim.repeat(sim.startMs + 500, () => { traffic.flush(); return 500 })
  sim.repeat(sim.startMs + 100, () => { healthy(world, traffic, volume); return 1000 })
  sim.repeat(sim.startMs + 5000, () => { for (const node of world.nodes) if (node.isReady && !node.isDown) heartbeat(world, node); return 60_000 })
  sim.repeat(sim.startMs + 2000, () => { for (let i = 0; i < share(world, volume, 0.12); i++) benign(world, traffic); return world.dice.between(2000, 6000) })
  sim.repeat(sim.startMs + 9000, () => { job(world, namespaces); return world.dice.between(40_000, 70_000) })
}

/** `rate * volume` on average. */
function share (world: World, volume: number, rate: number): number {
  const wanted = volume * rate
  return Math.floor(wanted) + (world.dice.chance(wanted % 1) ? 1 : 0)
}

function healthy (world: World, traffic: Traffic, volume: number): void {
  const pods = world.apps.flatMap(alive).filter(p => p.isUp && p.isReady && p.node?.isReady === true && !p.node.isDown)
  if (pods.length === 0) return
  for (const node of world.nodes) {
    const all = pods.filter(p => p.node === node)
    if (all.length === 0) continue
    world.kernel(node, 'kernel', (k, atMs) => Array.from({ length: share(world, volume, 0.5) + 1 }, (_, i) => {
      const pod = world.dice.pick(all)
      const child = { ...taskOf(pod), pid: node.nextPid++, comm: 'sh' }
      return i % 2 === 0 ? k.exec(atMs, child, '/bin/sh', ['-c', 'test -f /tmp/healthy'], taskOf(pod)) : k.exit(atMs, child, { code: 0 }, 4, taskOf(pod))
    }))
  }
  for (let i = 0; i < share(world, volume, 6); i++) line(world, traffic, world.dice.pick(pods))
  for (let i = 0; i < share(world, volume, 4); i++) backgroundSpan(world, traffic, world.dice.pick(pods.filter(p => p.app.role === 'http')))
}

const lines = ['GET /healthz 200 1ms', 'handled request in 12 ms, 0 errors', 'cache warm: 4312 entries', 'connected to broker', 'checkpoint complete: wrote 41 buffers', 'config reload: nothing changed', 'GET /items 200 17ms', 'session 8812 opened', 'flushed 120 metrics, failed: 0', 'POST /items 201 23ms']

function line (world: World, traffic: Traffic, pod: Pod): void { traffic.log(pod, 'INFO', world.dice.pick(lines)) }

function backgroundSpan (world: World, traffic: Traffic, pod: Pod | undefined): void {
  if (pod === undefined) return
  const { dice, nowMs } = world
  const startMs = nowMs + skewOf(pod)
  traffic.span(pod, { traceId: dice.hex(32), spanId: dice.hex(16), name: dice.pick(['refresh cache', 'poll queue', 'GET /healthz', 'compact']), kind: 'internal', startMs, endMs: startMs + dice.between(1, 30), attributes: { 'app.items': dice.below(500) } })
}

function heartbeat (world: World, node: NodePart): void {
  for (const condition of (node.object['status'] as { conditions: { lastHeartbeatTime: string }[] }).conditions) condition.lastHeartbeatTime = iso(world.nowMs)
  world.put(node.object)
}

type Benign = (world: World, traffic: Traffic, pod: Pod, node: NodePart) => void

/** Warnings of things that work: each of these is seen in healthy clusters every day. */
const benignOnes: readonly Benign[] = [
  (world, _, pod, node) => { world.event({ about: refOf(pod), type: 'Warning', reason: 'Unhealthy', note: `Readiness probe failed: Get "http://${pod.ip}:${pod.app.port}/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, from: 'kubelet', node, container: pod.app.container }) },
  (world, _, pod, node) => { world.event({ about: refOf(pod), type: 'Warning', reason: 'DNSConfigForming', note: 'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.96.0.10', from: 'kubelet', node }) },
  (world, traffic, pod) => { traffic.log(pod, 'WARN', 'slow query: 1.2 s, retried once, ok'); void world },
  (world, traffic, pod) => { traffic.log(pod, 'INFO', 'retry 1 of 3 succeeded after error: temporary'); void world },
  (world, traffic, pod) => { traffic.log(pod, 'WARN', 'deprecated option "pool_size" is ignored'); void world },
  (world, _, pod, node) => { world.kernel(node, 'net', (k, atMs) => k.retransmit(atMs, taskOf(pod), { from: pod.ip, fromPort: 40_001, to: '203.0.113.77', toPort: 443 }, false, 1)) },
  (world, _, pod, node) => { world.kernel(node, 'kernel', (k, atMs) => k.exit(atMs, { ...taskOf(pod), pid: node.nextPid++, comm: 'sh' }, { code: 1 }, 12, taskOf(pod))) },
  (world, _, pod, node) => { world.kernel(node, 'net', (k, atMs) => k.connect(atMs, taskOf(pod), { from: pod.ip, fromPort: 40_002, to: '203.0.113.80', toPort: 443 }, undefined, 640)) },
  (world, _, __, node) => { world.journal(node, 'node', (j, atMs) => j.log(atMs, 'chronyd.service', 'Selected source 203.0.113.123', 5)) },
  (world, _, __, node) => { world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_started', 'logrotate.service', 'Started logrotate.service - Rotate log files.')) },
  (world, _, __, node) => { world.journal(node, 'node', (j, atMs) => j.log(atMs, 'kubelet.service', 'W0301 prober.go:107 "Probe failed" probeType="Readiness" once, will retry', 4)) },
  (world, _, pod) => { world.event({ about: { kind: 'HorizontalPodAutoscaler', namespace: pod.app.namespace, name: pod.app.name }, type: 'Warning', reason: 'FailedGetResourceMetric', note: 'failed to get cpu utilization: did not receive metrics for targeted pods (pods might be unready)', from: 'horizontal-pod-autoscaler' }) }
]

function benign (world: World, traffic: Traffic): void {
  const pods = world.apps.flatMap(alive).filter(p => p.isUp && p.isReady && p.node?.isReady === true && p.app.role === 'http')
  const pod = pods.length === 0 ? undefined : world.dice.pick(pods)
  if (pod?.node !== undefined) world.dice.pick(benignOnes)(world, traffic, pod, pod.node)
}

function refOf (pod: Pod): { readonly kind: 'Pod', readonly namespace: string, readonly name: string, readonly uid: string } { return { kind: 'Pod', namespace: pod.app.namespace, name: pod.name, uid: pod.uid } }

/** A Job of a CronJob comes, works and is done. */
function job (world: World, namespaces: readonly string[]): void {
  const { dice } = world
  const namespace = dice.pick(namespaces)
  const name = `report-${dice.between(28_000_000, 29_000_000)}`
  const owner = thing(dice, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace }, spec: { backoffLimit: 3 }, status: { active: 1 } }, world.nowMs)
  const node = dice.pick(world.workers().filter(n => n.isReady && !n.isCordoned).concat(world.nodes[0] as NodePart))
  const pod = thing(dice, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-${dice.suffix(5)}`, namespace, labels: { 'job-name': name }, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: owner.metadata.uid, controller: true }] },
    spec: { nodeName: node.name, restartPolicy: 'Never', containers: [{ name: 'report', image: 'registry.example.net/tools/report:3' }] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
  }, world.nowMs)
  world.put(owner)
  world.put(pod)
  world.sim.after(dice.between(3000, 15_000), () => {
    pod['status'] = { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted' }], containerStatuses: [{ name: 'report', restartCount: 0, ready: false, state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: iso(world.nowMs) } } }] }
    world.put(pod)
    owner['status'] = { succeeded: 1, conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: iso(world.nowMs) }] }
    world.put(owner)
  })
}

