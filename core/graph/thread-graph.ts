/**
 * instantiate and wire: the part of a plan that lives in one thread, from exporters back to receivers, and its lifecycle
 * in layers. The runtime starts a layer on every thread before the next one: exporters, processors, early (the processors
 * beside the receivers), receivers; and stops
 * them the other way round, so whatever a component sends to is always running.
 */
import type { Clock } from '../component/clock.js'
import type { Component, Consumer, Deadline, Host, Kind } from '../component/component.js'
import type { ComponentFactory, Signal } from '../component/factory.js'
import { componentId } from '../component/id.js'
import type { Answer, Answerer, Question, Questions } from '../component/questions.js'
import { createServices, createShared, type Override, type ServiceValues } from '../component/services.js'
import type { ComponentState, StatusReporter } from '../component/status.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import type { Logger } from '../telemetry/logger.js'
import type { Pressure } from '../pressure/pressure.js'
import type { Meter } from '../telemetry/meter.js'
import { Edge, noRecorder, type EdgeRecorder } from './edge.js'
import { fanOut } from './fanout.js'
import type { PipelinePlan, Plan } from './plan.js'
import { SignalCheck, SignalGate } from './signal-gate.js'
import type { PlacedEdge } from './thread-taps.js'
import { Unanswered } from './unanswered.js'

export const layers = ['extensions', 'exporters', 'processors', 'early', 'receivers'] as const
export type Layer = (typeof layers)[number]

/** What the thread gives its components. */
export interface ThreadServices {
  readonly clock: Clock
  readonly logger: Logger
  meter(attributes: Readonly<Record<string, string>>): Meter
  edge(from: string, to: string, pipeline: string): EdgeRecorder
  drops(component: string, pipeline: string): { add: (reason: string, rows: number) => void }
  status(component: string): StatusReporter
  lifecycle(component: string, state: ComponentState): void
  host(component: string): Host
  find(kind: Kind, type: string): ComponentFactory | undefined
  readonly pressure: Pressure
  readonly overrides: readonly Override[]
}

/** The writing end of the ring(s) of one side of a pipeline, as seen from this thread; undefined when it writes none. */
export type RingWriters = (pipeline: string, side: 'in' | 'out') => Consumer | undefined

interface Made { readonly name: string, readonly component: Component, started: boolean, stopped: boolean }

const nowhere: Consumer = {
  consume: () => ({ status: 'refused', reason: 'this component sends nowhere' })
}

export class ThreadGraph {
  readonly #layers: Record<Layer, Made[]> = { extensions: [], exporters: [], processors: [], early: [], receivers: [] }
  readonly #exporters = new Map<string, Consumer>()
  readonly #heads = new Map<string, Consumer>()
  readonly #tails = new Map<string, Consumer>()
  readonly #insisting = new AbortController()
  readonly #shared = createShared()
  /** All arrows of this thread. */
  readonly edges: PlacedEdge[] = []

  constructor (readonly plan: Plan, readonly thread: string, readonly services: ThreadServices, readonly writers: RingWriters) {}

  /** Creates and wires every component of this thread. Rejects with an error that names the component. */
  async build (): Promise<void> {
    if (this.thread === this.plan.deliverThread) await this.#buildExporters()
    for (const pipeline of this.plan.pipelines) await this.#buildPipeline(pipeline)
    await this.#buildReceivers()
    if (this.thread === 'main') for (const id of this.plan.extensions) await this.#make('extensions', 'extension', id, '', nowhere)
  }

  /** Where the reading end of a ring hands its batches to. */
  entry (pipeline: string, side: 'in' | 'out'): Consumer {
    const plan = this.plan.pipelines.find(p => p.id === pipeline)
    const consumer = side === 'in' && plan?.hasProcess === true ? this.#heads.get(pipeline) : this.#tails.get(pipeline)
    if (consumer === undefined) throw new Error(`thread ${this.thread} has no entry for ${pipeline}:${side}`)
    return consumer
  }

  /** How many batches the exporters of a pipeline can use at once: as many as the one that can use most. */
  parallel (pipeline: string): number {
    const exporters = this.plan.pipelines.find(p => p.id === pipeline)?.realExporters ?? []
    return Math.max(1, ...exporters.map(id => {
      const config = this.plan.components.find(c => c.kind === 'exporter' && c.id === id)?.config
      return this.services.find('exporter', componentId('exporter', id).type)?.parallel?.(config) ?? 1
    }))
  }

  /** Whether all that batches of a ring meet in this thread is done with them when their outcome is known. */
  borrows (pipeline: string, side: 'in' | 'out'): boolean {
    const p = this.plan.pipelines.find(q => q.id === pipeline)
    return p !== undefined && this.#borrowsFrom(p, side === 'in' ? p.early.length : p.processors.length)
  }

  /** The same of the processors of a pipeline from the `from`-th on and of its exporters, as far as they are in this thread. */
  #borrowsFrom (p: PipelinePlan, from: number): boolean {
    const says = (kind: 'processor' | 'exporter', id: string): boolean => this.services.find(kind, componentId(kind, id).type)?.borrows === true
    // What goes into a ring is copied there.
    const toRing = this.writers(p.id, 'in') !== undefined
    if (!p.processors.slice(from, toRing ? p.early.length : p.processors.length).every(id => says('processor', id))) return false
    if (toRing) return true
    return p.toConnectors.length === 0 && (this.thread !== this.plan.deliverThread || p.realExporters.every(id => says('exporter', id)))
  }

  /** In the order they were made: the last of a pipeline first. */
  async start (layer: Layer): Promise<void> {
    for (const made of this.#layers[layer]) {
      this.services.lifecycle(made.name, 'starting')
      try {
        await made.component.start?.(this.services.host(made.name))
        made.started = true
        this.services.lifecycle(made.name, 'ok')
      } catch (error) {
        throw new Error(`${made.name} did not start: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
      }
    }
  }

  /** Stops a layer in the order in which rows flow, so that each component can still flush into the next. Collects errors. */
  async stop (layer: Layer, deadline: Deadline): Promise<readonly string[]> {
    const errors: string[] = []
    for (const made of [...this.#layers[layer]].reverse()) {
      if (made.stopped) continue
      made.stopped = true
      this.services.lifecycle(made.name, 'stopping')
      try {
        await withDeadline(made.component.stop?.(deadline), deadline)
        this.services.lifecycle(made.name, 'stopped')
      } catch (error) {
        errors.push(`${made.name} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return errors
  }

  /** Of a component in several pipelines the first instance answers. Rejects with `Unanswered`, or with what the component threw. */
  async ask<Q extends Question> (name: string, question: Q, argument: Questions[Q]['argument']): Promise<Answer<Q>> {
    const made = layers.flatMap(layer => this.#layers[layer]).find(m => m.name === name)
    if (made !== undefined && made.component.answer === undefined) throw new Unanswered(name, question, 'unknown', `does not answer ${question}`)
    if (made === undefined || !made.started || made.stopped) throw new Unanswered(name, question, 'gone', made?.stopped === true ? 'has stopped' : 'does not run yet')
    return await (made.component.answer as Answerer)(question, argument)
  }

  /** Ends every wait of fan-outs: their batches go back to whoever sent them. */
  abort (): void { this.#insisting.abort() }

  async #buildExporters (): Promise<void> {
    const used = new Set(this.plan.pipelines.flatMap(p => p.realExporters))
    for (const id of used) this.#exporters.set(id, await this.#make('exporters', 'exporter', id, '', nowhere) as unknown as Consumer)
  }

  async #buildPipeline (p: PipelinePlan): Promise<void> {
    const delivers = this.thread === this.plan.deliverThread
    const processes = p.processThreads.includes(this.thread)
    if (!delivers && !processes) return
    const last = p.processors.at(-1)
    const lastName = last === undefined ? `pipeline/${p.id}` : `processor/${last}`
    const toExporters = delivers
      ? p.realExporters.map(id => this.#edge(lastName, `exporter/${id}`, p.id, this.#exporters.get(id) as Consumer))
      : [this.writers(p.id, 'out')].filter(w => w !== undefined)
    const toConnectors = processes ? await Promise.all(p.toConnectors.map(id => this.#connector(id, lastName, p.id))) : []
    const tail = this.#fanOut([...toConnectors, ...toExporters], `${p.id} exporters`, p.endToEnd)
    this.#tails.set(p.id, tail)
    if (!processes) return
    this.#heads.set(p.id, await this.#chain('processors', p, p.early.length, p.processors.length, tail))
  }

  /** Processors [from, to) of a pipeline, the last of which gives to `target`. */
  async #chain (layer: Layer, p: PipelinePlan, from: number, to: number, target: Consumer): Promise<Consumer> {
    let next = target
    for (let i = to - 1; i >= from; i--) {
      const id = p.processors[i] as string
      const made = await this.#make(layer, 'processor', id, p.id, next, this.#borrowsFrom(p, i + 1)) as unknown as Consumer
      next = this.#edge(i === 0 ? `pipeline/${p.id}` : `processor/${p.processors[i - 1]}`, `processor/${id}`, p.id, made)
    }
    return next
  }

  /** What the receivers of a pipeline give to: its early processors, a ring, or what of it is in this thread. */
  async #buildInlet (p: PipelinePlan): Promise<Consumer> {
    const target = this.writers(p.id, 'in') ?? this.#heads.get(p.id) ?? this.#tails.get(p.id) as Consumer
    return this.#chain('early', p, 0, p.early.length, target)
  }

  readonly #connectors = new Map<string, Consumer>()

  /** One instance a thread, whatever number of pipelines it ends. The pipelines it starts are built already. */
  async #connector (id: string, from: string, pipeline: string): Promise<Consumer> {
    let made = this.#connectors.get(id)
    if (made === undefined) {
      const starts = this.plan.pipelines.filter(q => q.fromConnectors.includes(id))
      const outputs = new Map(starts.map(q => [q.id, this.#gate(q, this.#edge(`connector/${id}`, `pipeline/${q.id}`, q.id, this.#heads.get(q.id) as Consumer))]))
      made = await this.#make('processors', 'connector', id, '', this.#fanOut([...outputs.values()], `connector ${id}`, starts.some(q => q.endToEnd)), false, outputs) as unknown as Consumer
      this.#connectors.set(id, made)
    }
    return this.#edge(from, `connector/${id}`, pipeline, made)
  }

  async #buildReceivers (): Promise<void> {
    const inlets = new Map<string, Consumer>()
    const here = this.plan.pipelines.filter(p => p.receiveThread === this.thread && p.realReceivers.length > 0)
    for (const p of here) inlets.set(p.id, await this.#buildInlet(p))
    const used = new Set(here.flatMap(p => p.realReceivers))
    for (const id of used) {
      const fed = here.filter(p => p.realReceivers.includes(id))
      const targets = fed.map(p => this.#gate(p, this.#edge(`receiver/${id}`, `pipeline/${p.id}`, p.id, inlets.get(p.id) as Consumer)))
      const taken = fed.map(p => p.signal)
      const all = this.#fanOut(targets, `receiver ${id}`, fed.some(p => p.endToEnd))
      const drops = this.services.drops(`receiver/${id}`, '')
      const next = taken.includes(undefined) ? all : new SignalCheck([...new Set(taken as Signal[])], all, rows => drops.add('no_pipeline', rows))
      await this.#make('receivers', 'receiver', id, '', next, fed.every(p => this.#borrowsFrom(p, 0)))
    }
  }

  #gate (pipeline: PipelinePlan, target: Consumer): Consumer {
    return pipeline.signal === undefined ? target : new SignalGate(pipeline.signal, target)
  }

  #edge (from: string, to: string, pipeline: string, target: Consumer): Consumer {
    const { tracing, metrics } = this.plan.service
    const edge = new Edge(`${from} -> ${to}`, target, metrics ? this.services.edge(from, to, pipeline) : noRecorder, this.services.logger, tracing)
    this.edges.push({ edge, ends: { from, to, pipeline } })
    return edge
  }

  /** `endToEnd`: whoever sends waits for the exporters, for as long as it takes. */
  #fanOut (consumers: readonly Consumer[], name: string, endToEnd: boolean): Consumer {
    if (consumers.length === 0) return nowhere
    return fanOut(consumers, {
      clock: this.services.clock,
      policy: endToEnd ? { ...localRetryPolicy, maxElapsedMs: 0 } : localRetryPolicy,
      signal: this.#insisting.signal,
      onLoss: (at, reason, rows) => {
        const consumer = consumers[at]
        const edge = consumer instanceof SignalGate ? consumer.target : consumer
        if (edge instanceof Edge) edge.recorder.dropped('retries_exhausted', rows)
        this.services.logger.error('rows were lost on one branch of a fan-out', { fanOut: name, branch: at, reason, rows })
      }
    })
  }

  async #make (layer: Layer, kind: Kind, id: string, pipeline: string, next: Consumer, nextBorrows = false, outputs: ReadonlyMap<string, Consumer> = new Map()): Promise<Component> {
    const { services } = this
    const parsed = componentId(kind, id)
    const factory = services.find(kind, parsed.type)
    const spec = this.plan.components.find(c => c.kind === kind && c.id === id)
    if (factory === undefined || spec === undefined) throw new Error(`no factory or config for ${kind} ${id}`)
    const name = `${kind}/${id}`
    const attributes = { component_kind: kind, component_id: id, ...(pipeline === '' ? {} : { pipeline }) }
    const values: ServiceValues = {
      id: parsed,
      config: spec.config,
      logger: services.logger.child({ component: name, ...(pipeline === '' ? {} : { pipeline }) }),
      meter: services.meter(attributes),
      clock: services.clock,
      status: services.status(name),
      drops: services.drops(name, pipeline),
      next,
      outputs,
      nextBorrows,
      shared: this.#shared,
      pressure: services.pressure
    }
    try {
      const component = await factory.create(createServices(values, services.overrides))
      this.#layers[layer].push({ name, component, started: false, stopped: false })
      services.lifecycle(name, 'created')
      return component
    } catch (error) {
      throw new Error(`${name} could not be created: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}

/** A component that does not come back from `stop` must not keep the process from ending. */
async function withDeadline (work: void | Promise<void> | undefined, deadline: Deadline): Promise<void> {
  if (work === undefined) return
  const graceMs = 500
  let cancel: () => void = () => undefined
  const late = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('still stopping at the deadline')), Math.max(0, deadline.atMs - performance.now()) + graceMs)
    cancel = () => clearTimeout(timer)
  })
  try {
    await Promise.race([work, late])
  } finally {
    cancel()
  }
}
