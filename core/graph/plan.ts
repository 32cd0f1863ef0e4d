/**
 * plan: configuration -> graph, without making anything. Pure, so every rule can be a line in a table of tests.
 *
 * A pipeline has three stages, `receive` -> `process` -> `deliver`; the mode says which threads host which stage:
 *
 *   mode               receive     process                      deliver
 *   debug              main        main                         main
 *   standard           main        worker                       worker
 *   high-performance   ingest      process-0 … process-(n-1)    deliver
 *   ring-buffer        ingest      process-0 … process-(n-1)    deliver
 *
 * Stages on different threads are joined by rings. A pipeline with nothing to do in `process` skips it. Connectors sit in
 * `process`: they end one pipeline and start another, which then goes on in the same thread. Processors that must see all
 * rows (`single`) are not replicated: a pipeline that holds one runs in process-0 only.
 *
 * Processors in front of a pipeline that are `light` (batch, validation) run beside its receivers, before the first ring: a
 * hop costs more than they do, and a ring that carries joined batches is woken a hundred times less. Measured with OTLP
 * requests of 100 spans, otlp -> batch -> otlp: half the CPU a span.
 *
 * Pipelines of an `endToEnd` receiver, those that are `durable`, and all that share receivers or connectors with them, run whole in the deliver thread: no
 * ring is on their way, so an outcome is that of the exporters.
 */
import type { Kind } from '../component/component.js'
import type { ComponentFactory } from '../component/factory.js'
import { componentId } from '../component/id.js'
import { planRings, type RingPlan } from './plan-rings.js'
import type { ComponentSpec, GraphSpec, Mode, PipelineSpec, ServiceSpec } from './spec.js'

export type Stage = 'receive' | 'process' | 'deliver'

export interface PipelinePlan extends PipelineSpec {
  /** Receivers that are connectors, and exporters that are connectors, apart. */
  readonly fromConnectors: readonly string[]
  readonly toConnectors: readonly string[]
  readonly realReceivers: readonly string[]
  readonly realExporters: readonly string[]
  /** The first processors, as many as run in the receive thread; the others run in the process threads. */
  readonly early: readonly string[]
  readonly late: readonly string[]
  readonly receiveThread: string
  /** In one thread from receivers to exporters, so that outcomes are the exporters': durable, fed by an `endToEnd` receiver, or joined to such. */
  readonly endToEnd: boolean
  readonly processThreads: readonly string[]
  /** False when rows go from `receive` to `deliver` directly. */
  readonly hasProcess: boolean
}

export interface Plan {
  readonly service: ServiceSpec
  /** Modules whose `components` export lists factories: what every thread makes its components with. */
  readonly catalog: readonly string[]
  /** All threads in start order; `main` is the thread that plans. */
  readonly threads: readonly string[]
  /** Downstream pipelines before the ones that feed them: the order to build in; reversed, the order to drain in. */
  readonly pipelines: readonly PipelinePlan[]
  readonly components: readonly ComponentSpec[]
  readonly extensions: readonly string[]
  readonly deliverThread: string
  readonly rings: readonly RingPlan[]
}

export interface PlanFault { readonly path: readonly (string | number)[], readonly message: string }

export type PlanResult = { readonly ok: true, readonly plan: Plan } | { readonly ok: false, readonly faults: readonly PlanFault[] }

export type FindFactory = (kind: Kind, type: string) => ComponentFactory | undefined

/** `cores` is what the machine has (os.availableParallelism()). All faults are reported, not the first. */
export function planGraph (spec: GraphSpec, find: FindFactory, cores: number): PlanResult {
  const faults = [...componentFaults(spec, find), ...pipelineFaults(spec), ...durableFaults(spec, find)]
  const order = faults.length > 0 ? [] : sortPipelines(spec, faults)
  if (faults.length > 0) return { ok: false, faults }
  const layout = threadLayout(spec.service, cores)
  const connectors = idsOf(spec, 'connector')
  const whole = endToEndPipelines(spec, find)
  const oneThread = { receive: layout.deliver, process: [layout.deliver], deliver: layout.deliver }
  const planned = order.map(p => { const own = whole.has(p.id) ? oneThread : layout; return planPipeline(p, connectors, own, earlyOf(p, connectors, find, own), whole.has(p.id)) })
  const pipelines = pinned(planned, spec, find)
  const threads = usedThreads(layout, pipelines)
  return {
    ok: true,
    plan: {
      service: spec.service,
      catalog: spec.catalog ?? [],
      threads,
      pipelines,
      components: spec.components.map(c => withBuild(c, find)),
      extensions: spec.extensions,
      deliverThread: layout.deliver,
      rings: planRings(pipelines, layout.deliver, spec.service)
    }
  }
}

interface ThreadLayout { readonly receive: string, readonly process: readonly string[], readonly deliver: string }

/** Replicas of the process stage. Two threads (ingest, deliver) need a core as well, but an idle one costs nothing. */
function threadLayout (service: ServiceSpec, cores: number): ThreadLayout {
  const layouts: Record<Mode, () => ThreadLayout> = {
    debug: () => ({ receive: 'main', process: ['main'], deliver: 'main' }),
    standard: () => ({ receive: 'main', process: ['worker'], deliver: 'worker' }),
    'high-performance': () => workers(service.maxConcurrency > 0 ? service.maxConcurrency : cores),
    'ring-buffer': () => workers(service.maxConcurrency > 0 ? service.maxConcurrency : Math.max(1, cores - 2))
  }
  return layouts[service.mode]()
}

function workers (replicas: number): ThreadLayout {
  return { receive: 'ingest', process: Array.from({ length: replicas }, (_, i) => `process-${i}`), deliver: 'deliver' }
}

const idsOf = (spec: GraphSpec, kind: Kind): Set<string> => new Set(spec.components.filter(c => c.kind === kind).map(c => c.id))

function componentFaults (spec: GraphSpec, find: FindFactory): PlanFault[] {
  return spec.components
    .filter(c => find(c.kind, componentId(c.kind, c.id).type) === undefined)
    .map(c => ({ path: [`${c.kind}s`, c.id], message: `there is no ${c.kind} of type "${componentId(c.kind, c.id).type}"` }))
}

function pipelineFaults (spec: GraphSpec): PlanFault[] {
  const has = { receiver: idsOf(spec, 'receiver'), processor: idsOf(spec, 'processor'), exporter: idsOf(spec, 'exporter'), connector: idsOf(spec, 'connector') }
  const faults: PlanFault[] = []
  const seen = new Set<string>()
  for (const p of spec.pipelines) {
    const at = ['service', 'pipelines', p.id]
    if (seen.has(p.id)) faults.push({ path: at, message: 'a pipeline of this name exists already' })
    seen.add(p.id)
    if (p.receivers.length === 0) faults.push({ path: [...at, 'receivers'], message: 'a pipeline needs at least one receiver' })
    if (p.exporters.length === 0) faults.push({ path: [...at, 'exporters'], message: 'a pipeline needs at least one exporter' })
    const missing = (list: readonly string[], key: string, ...kinds: Exclude<Kind, 'extension'>[]): void => list.forEach((id, i) => {
      if (!kinds.some(kind => has[kind].has(id))) faults.push({ path: [...at, key, i], message: `"${id}" is not defined as ${kinds.join(' or ')}` })
    })
    missing(p.receivers, 'receivers', 'receiver', 'connector')
    missing(p.processors, 'processors', 'processor')
    missing(p.exporters, 'exporters', 'exporter', 'connector')
  }
  if (spec.pipelines.length === 0) faults.push({ path: ['service', 'pipelines'], message: 'at least one pipeline is needed' })
  for (const id of has.connector) faults.push(...connectorFaults(spec, id))
  return faults
}

/** What answers from memory on a way that promises more: in a durable pipeline, and in those that it feeds through connectors. */
function durableFaults (spec: GraphSpec, find: FindFactory): PlanFault[] {
  return [...durablePipelines(spec)].flatMap(([p, from]) => (['processors', 'exporters'] as const).flatMap(side => p[side].flatMap((id, i): PlanFault[] => {
    const component = spec.components.find(c => c.id === id && (side === 'processors' ? c.kind === 'processor' : c.kind === 'exporter' || c.kind === 'connector'))
    const why = component === undefined ? undefined : find(component.kind, componentId(component.kind, id).type)?.answersEarly?.(component.config)
    const whose = p === from ? 'the pipeline is durable' : `the pipeline is fed by \`${from.id}\`, which is durable`
    return why === undefined ? [] : [{ path: ['service', 'pipelines', p.id, side, i], message: `${whose}, but \`${id}\` answers before its rows are safe: ${why}` }]
  })))
}

/** Those that are durable themselves or by the first that feeds them: with which. */
function durablePipelines (spec: GraphSpec): ReadonlyMap<PipelineSpec, PipelineSpec> {
  const connectors = idsOf(spec, 'connector')
  const found = new Map(spec.pipelines.filter(p => p.durable === true).map(p => [p, p]))
  // A map that grows while it is gone through gives what was added, too.
  for (const [p, from] of found) {
    for (const next of spec.pipelines) if (!found.has(next) && next.receivers.some(r => connectors.has(r) && p.exporters.includes(r))) found.set(next, from)
  }
  return found
}

function connectorFaults (spec: GraphSpec, id: string): PlanFault[] {
  const ends = spec.pipelines.some(p => p.exporters.includes(id))
  const starts = spec.pipelines.some(p => p.receivers.includes(id))
  if (ends === starts) return []
  const side = ends ? 'the exporter of a pipeline but the receiver of none' : 'the receiver of a pipeline but the exporter of none'
  return [{ path: ['connectors', id], message: `a connector joins two pipelines, and this one is ${side}` }]
}

/** Depth first along the connectors; a pipeline met again while open closes a cycle. */
function sortPipelines (spec: GraphSpec, faults: PlanFault[]): PipelineSpec[] {
  const connectors = idsOf(spec, 'connector')
  const done = new Set<string>()
  const order: PipelineSpec[] = []
  const visit = (p: PipelineSpec, open: readonly string[]): void => {
    if (done.has(p.id)) return
    const at = open.indexOf(p.id)
    if (at >= 0) {
      faults.push({ path: ['service', 'pipelines', p.id], message: `pipelines feed each other in a circle: ${[...open.slice(at), p.id].join(' -> ')}` })
      return
    }
    for (const id of p.exporters.filter(e => connectors.has(e))) {
      for (const next of spec.pipelines.filter(q => q.receivers.includes(id))) visit(next, [...open, p.id])
    }
    if (!done.has(p.id)) { done.add(p.id); order.push(p) }
  }
  for (const p of spec.pipelines) visit(p, [])
  return order
}

/** Rows that come from a connector are in a process thread already, and all rows of a pipeline pass the same instances. */
function earlyOf (p: PipelineSpec, connectors: ReadonlySet<string>, find: FindFactory, layout: ThreadLayout): readonly string[] {
  if (layout.process.includes(layout.receive) || p.receivers.some(r => connectors.has(r))) return []
  const firstHeavy = p.processors.findIndex(id => find('processor', componentId('processor', id).type)?.light !== true)
  return firstHeavy < 0 ? p.processors : p.processors.slice(0, firstHeavy)
}

function planPipeline (p: PipelineSpec, connectors: ReadonlySet<string>, layout: ThreadLayout, early: readonly string[], endToEnd: boolean): PipelinePlan {
  const toConnectors = p.exporters.filter(e => connectors.has(e))
  const fromConnectors = p.receivers.filter(r => connectors.has(r))
  const late = p.processors.slice(early.length)
  const hasProcess = late.length > 0 || toConnectors.length > 0 || fromConnectors.length > 0
  return {
    ...p,
    toConnectors,
    fromConnectors,
    realReceivers: p.receivers.filter(r => !connectors.has(r)),
    realExporters: p.exporters.filter(e => !connectors.has(e)),
    early,
    late,
    receiveThread: layout.receive,
    endToEnd,
    processThreads: hasProcess ? layout.process : [],
    hasProcess
  }
}

/** Those that are durable or fed by an `endToEnd` receiver, and whatever shares a receiver or a connector with one of them: it has one thread. */
function endToEndPipelines (spec: GraphSpec, find: FindFactory): ReadonlySet<string> {
  const asks = (id: string): boolean => find('receiver', componentId('receiver', id).type)?.endToEnd === true
  const connectors = idsOf(spec, 'connector')
  const receivers = idsOf(spec, 'receiver')
  const ends = (p: PipelineSpec): string[] => [...p.receivers, ...p.exporters.filter(e => connectors.has(e))]
  const reached = new Set(spec.pipelines.flatMap(p => p.receivers.filter(r => receivers.has(r) && (p.durable === true || asks(r)))))
  const whole = new Set<string>()
  for (let before = -1; before !== whole.size;) {
    before = whole.size
    for (const p of spec.pipelines.filter(q => ends(q).some(id => reached.has(id)))) {
      whole.add(p.id)
      for (const id of ends(p)) reached.add(id)
    }
  }
  return whole
}

/** Connected pipelines run in the same threads, so one `single` processor keeps its whole group in the first of them. */
function pinned (pipelines: readonly PipelinePlan[], spec: GraphSpec, find: FindFactory): PipelinePlan[] {
  const single = (kind: 'processor' | 'connector', id: string): boolean => find(kind, componentId(kind, id).type)?.concurrency === 'single'
  const needsOne = new Set(pipelines.filter(p => p.late.some(id => single('processor', id)) || p.toConnectors.some(id => single('connector', id))).map(p => p.id))
  let before = -1
  while (before !== needsOne.size) {
    before = needsOne.size
    for (const p of pipelines) {
      const neighbours = pipelines.filter(q => q.toConnectors.some(c => p.fromConnectors.includes(c)) || p.toConnectors.some(c => q.fromConnectors.includes(c)))
      if (neighbours.some(q => needsOne.has(q.id))) needsOne.add(p.id)
    }
  }
  return pipelines.map(p => needsOne.has(p.id) && p.hasProcess ? { ...p, processThreads: p.processThreads.slice(0, 1) } : p)
}

function usedThreads (layout: ThreadLayout, pipelines: readonly PipelinePlan[]): string[] {
  const process = layout.process.filter(t => pipelines.some(p => p.processThreads.includes(t)))
  const receive = pipelines.filter(p => p.realReceivers.length > 0).map(p => p.receiveThread)
  return [...new Set(['main', layout.deliver, ...process, ...receive])]
}

function withBuild (component: ComponentSpec, find: FindFactory): ComponentSpec {
  const build = find(component.kind, componentId(component.kind, component.id).type)?.build
  return build === undefined ? component : { ...component, build }
}
