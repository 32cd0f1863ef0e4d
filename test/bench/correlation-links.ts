/**
 * What linking costs with a large cluster: a symptom through the stages k8s_correlation and temporal_correlation, and ticks without news.
 * `npm run bench -- correlation-links`; about 10 s of CPU. The seed promises less than 1 ms an event for the first.
 */
import { Engine, type Analyzer } from '../../core/correlation/engine.js'
import { TemporalLinker } from '../../core/correlation/temporal/temporal-linker.js'
import { app, node } from '../../core/correlation/testing/objects.js'
import { put, see, tell, type Told } from '../../core/correlation/testing/story.js'
import { TopologyLinker } from '../../core/correlation/topology-linker.js'
import { printMachine, printTable, type Report } from './report.js'

const appCount = 1000
const podsOfApp = 10
const nodeCount = 200

export function run (report: Report): void {
  report('# links')
  printMachine(report)
  const rows = [['symptoms', 'k8s (us each)', 'temporal (us each)', 'pairs', 'links', 'links/s']]
  for (const [name, told] of stories) rows.push([name, ...measure(told())])
  printTable(report, rows)
  report(`with ${appCount * podsOfApp} pods, ${appCount} Services and Deployments, ${nodeCount} nodes; CPU time`)
}

/** A cost of its own for each stage: both see the same symptoms. */
function measure (told: readonly Told[]): string[] {
  const engine = cluster()
  const topology = new TopologyLinker(engine, { windowMs: 300_000, skewMs: 5000, maxCandidates: 128, maxPlaces: 1024 }, () => undefined)
  const temporal = new TemporalLinker(engine, { windowMs: 300_000, skewMs: 5000, minScore: 0.7, minOccurrences: 3, maxPairs: 20_000 }, () => undefined)
  const [topologyTimed, temporalTimed] = [timed(topology), timed(temporal)]
  engine.use('k8s_correlation', topologyTimed.analyzer)
  engine.use('temporal_correlation', temporalTimed.analyzer)
  for (const t of told) { engine.advance(t.atMs); see(engine, t) }
  engine.flush(true)
  const each = (ms: number): string => (ms * 1000 / told.length).toFixed(0)
  return [each(topologyTimed.cpuMs()), each(temporalTimed.cpuMs()), String(topology.counts.pairs), String(engine.links.size), (engine.links.size / (topologyTimed.cpuMs() + temporalTimed.cpuMs()) * 1000).toFixed(0)]
}

function timed (analyzer: Analyzer): { readonly analyzer: Analyzer, readonly cpuMs: () => number } {
  let ms = 0
  return {
    cpuMs: () => ms,
    analyzer: {
      tick: tick => {
        const started = process.cpuUsage()
        analyzer.tick(tick)
        const { user, system } = process.cpuUsage(started)
        ms += (user + system) / 1000
      }
    }
  }
}

function cluster (): Engine {
  const engine = new Engine()
  put(engine, Array.from({ length: nodeCount }, (_, i) => node(`n${i}`)))
  for (let i = 0; i < appCount; i++) put(engine, app(`team${i % 40}/app${i}`, podsOfApp, { nodes: nodesOf(i), env: { NEXT: `app${(i + 40) % appCount}:80`, HUB: 'app0.team0:80' } }))
  return engine
}

const nodesOf = (i: number): string[] => Array.from({ length: podsOfApp }, (_, k) => `n${(i * podsOfApp + k) % nodeCount}`)
const podName = (i: number, k: number): string => `Pod/team${i % 40}/app${i}-${k}`

const stories: readonly (readonly [string, () => Told[]])[] = [
  ['pods of everywhere fail, one a second', () => Array.from({ length: 2000 }, (_, i) => tell(['k8s.crash_loop', 'app.slow', 'k8s.probe_failed'][i % 3] as string, podName(i * 7 % appCount, i % podsOfApp), i))],
  ['one node\'s 50 pods, each with three signs', () => [tell('node.pressure_memory', 'Node/n7', 0), ...ofNode(7).flatMap((p, i) => ['k8s.evicted', 'k8s.pod_not_ready', 'app.span_error'].map((sign, k) => tell(sign, p, 1 + k + i / 100)))]],
  ['a Service that 10 000 pods call is gone', () => [tell('k8s.no_endpoints', 'Service/team0/app0', 0), ...Array.from({ length: 5000 }, (_, i) => tell('app.call_failed', podName(i % appCount, Math.floor(i / appCount)), 1 + i / 1000, { detail: { peer: 'app0.team0:80' } }))]],
  ['the same, the cause told last', () => [...Array.from({ length: 5000 }, (_, i) => tell('app.call_failed', podName(i % appCount, Math.floor(i / appCount)), i / 5000, { detail: { peer: 'app0.team0:80' } })), tell('k8s.no_endpoints', 'Service/team0/app0', 1)]],
  ['callers without a named peer', () => Array.from({ length: 2000 }, (_, i) => tell('app.span_error', podName(i % appCount, i % podsOfApp), i / 100))],
  ['a flood of one pod with ever new peers', () => Array.from({ length: 5000 }, (_, i) => tell('net.connection_refused', podName(3, 0), i / 500, { detail: { peer: `10.1.${i % 250}.${Math.floor(i / 250)}:80` } }))]
]

function ofNode (n: number): string[] {
  const pods: string[] = []
  for (let i = 0; i < appCount; i++) for (let k = 0; k < podsOfApp; k++) if ((i * podsOfApp + k) % nodeCount === n) pods.push(podName(i, k))
  return pods
}
