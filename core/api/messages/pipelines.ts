/** The graph with what flows in it: a plan, metrics at two moments, and health, as one message. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { componentId } from '../../component/id.js'
import { edgesOf } from '../../graph/edges-of.js'
import type { Plan } from '../../graph/plan.js'
import { ringCapacity, ringLost, ringUsed } from '../../graph/runtime-metrics.js'
import type { EdgeEnds } from '../../telemetry/edges.js'
import type { HealthSnapshot } from '../../telemetry/health.js'
import type { MetricDeclaration } from '../../telemetry/meter.js'
import { processMetrics } from '../../telemetry/process-metrics.js'
import { matches, type MetricSnapshot } from '../../telemetry/snapshot.js'
import { threadMetrics } from '../../telemetry/thread-metrics.js'
import type { DropCountSchema, PipelineComponentSchema, PipelineEdgeSchema, PipelineStateSchema, ProcessSchema, RingSchema, ThreadSchema } from '../gen/tapio/v1/runtime_pb.js'
import { countsOf, latencyBounds, numbersOf, type Counts } from './edge-counts.js'
import { stateOf } from './health.js'
import { u32, u64 } from './numbers.js'
import { planNodes, type PlanNode } from './plan-nodes.js'
import { quantile } from './quantile.js'
import { durationOf, timestampOf } from './time.js'

export interface PipelineMoment {
  readonly plan: Plan
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly now: MetricSnapshot
  /** What rates and latencies are counted from; undefined: the start, which is `windowMs` ago. */
  readonly before: MetricSnapshot | undefined
  readonly windowMs: number
  readonly health: HealthSnapshot
}

export function pipelineState ({ plan, timeMs, now, before, windowMs, health }: PipelineMoment): MessageInitShape<typeof PipelineStateSchema> {
  const counts = countsOf(now)
  const earlier = before === undefined ? undefined : countsOf(before)
  const seconds = windowMs / 1000
  return {
    time: timestampOf(timeMs), window: durationOf(windowMs), mode: plan.service.mode, pipelines: plan.pipelines.map(p => p.id).reverse(),
    components: planNodes(plan).map(node => componentMessage(node, counts, health)),
    edges: edgesOf(plan).map(edge => edgeMessage(edge, counts, earlier, seconds)),
    rings: ringMessages(plan, now, counts), threads: threadMessages(plan, now), process: processMessage(now, before, seconds)
  }
}

function componentMessage ({ name, kind, id, pipelines, threads }: PlanNode, counts: Counts, health: HealthSnapshot): MessageInitShape<typeof PipelineComponentSchema> {
  const type = kind === 'pipeline' ? '' : componentId(kind, id).type
  return { name, kind, id, type, pipelines: [...pipelines], threads: [...threads], ...stateOf(health, name), drops: dropMessages(counts.drops(name)) }
}

function dropMessages (drops: ReadonlyMap<string, bigint>): MessageInitShape<typeof DropCountSchema>[] {
  return Array.from(drops, ([reason, events]) => ({ reason, events })).filter(d => d.events > 0n).sort((a, b) => a.reason < b.reason ? -1 : 1)
}

function edgeMessage (edge: EdgeEnds, counts: Counts, earlier: Counts | undefined, seconds: number): MessageInitShape<typeof PipelineEdgeSchema> {
  const { sent, accepted, rejected, refused, retried, drops, inFlight, latencies } = counts.edge(edge)
  const before = earlier?.edge(edge)
  // A count that went down began anew.
  const fresh = before === undefined || sent < before.sent ? sent : sent - before.sent
  const recent = latencies.map((n, i) => Math.max(0, n - (before?.latencies[i] ?? 0)))
  return {
    from: edge.from, to: edge.to, pipeline: edge.pipeline, sent, accepted, rejected, refused, retried, drops: dropMessages(drops), inFlightBatches: u32(inFlight),
    eventsPerSecond: seconds > 0 ? Number(fresh) / seconds : 0, latencyP50Ms: quantile(0.5, latencyBounds, recent) * 1000, latencyP99Ms: quantile(0.99, latencyBounds, recent) * 1000
  }
}

function ringMessages (plan: Plan, now: MetricSnapshot, counts: Counts): MessageInitShape<typeof RingSchema>[] {
  return plan.rings.map(ring => {
    const value = (of: MetricDeclaration): number => gauge(now, of, { ring: ring.id })
    // What a full ring drops is counted by side, for the rings of all its readers together: it stands with the first.
    const isFirst = plan.rings.find(r => r.pipeline === ring.pipeline && r.side === ring.side) === ring
    const dropped = isFirst ? Array.from(counts.drops(`ring/${ring.pipeline}:${ring.side}`).values()).reduce((sum, n) => sum + n, 0n) : 0n
    return {
      id: ring.id, pipeline: ring.pipeline, from: [...ring.producers], to: ring.consumer, usedBytes: u64(value(ringUsed)), capacityBytes: u64(value(ringCapacity) || ring.capacityBytes),
      lostEvents: u64(value(ringLost)) + dropped
    }
  })
}

function threadMessages (plan: Plan, now: MetricSnapshot): MessageInitShape<typeof ThreadSchema>[] {
  const measured = numbersOf(now, threadMetrics.heap).map(s => s.attributes.thread ?? '')
  return [...new Set([...plan.threads, ...measured])].map(thread => ({
    name: thread, utilization: gauge(now, threadMetrics.busy, { thread }), delayP99Ms: gauge(now, threadMetrics.delay, { thread, stat: 'p99' }) * 1000, heapBytes: u64(gauge(now, threadMetrics.heap, { thread }))
  }))
}

function processMessage (now: MetricSnapshot, before: MetricSnapshot | undefined, seconds: number): MessageInitShape<typeof ProcessSchema> {
  const cpuSeconds = gauge(now, processMetrics.cpu, {})
  const spent = cpuSeconds - (before === undefined ? 0 : gauge(before, processMetrics.cpu, {}))
  return { rssBytes: u64(gauge(now, processMetrics.rss, {})), cpuSeconds, cpuCores: seconds > 0 ? Math.max(0, spent) / seconds : 0, uptimeSeconds: gauge(now, processMetrics.uptime, {}) }
}

function gauge (snapshot: MetricSnapshot, of: MetricDeclaration, attributes: Readonly<Record<string, string>>): number {
  return numbersOf(snapshot, of).filter(s => matches(s.attributes, attributes)).reduce((sum, s) => sum + Number(s.value), 0)
}
