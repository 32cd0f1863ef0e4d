/**
 * instantiate and wire: the part of a plan that lives in one thread, from exporters back to receivers, and its lifecycle
 * in layers. The runtime starts a layer on every thread before the next one: exporters, processors, early (the processors
 * beside the receivers), receivers; and stops
 * them the other way round, so whatever a component sends to is always running.
 *
 * A graph may follow another one in the same thread (`origin`): what both have is adopted, running as it is, and the wiring is new.
 * What is adopted goes on sending along the old wiring until `takeOver`.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer, Deadline, Host, Kind } from '../component/component.js'
import type { ComponentFactory, Signal } from '../component/factory.js'
import { componentId } from '../component/id.js'
import type { Answer, Answerer, Question, Questions } from '../component/questions.js'
import { lookupsBy, type AskPeer } from '../component/lookup.js'
import { createServices, createShared, type Override, type ServiceValues, type Shared } from '../component/services.js'
import type { ComponentState, StatusReporter } from '../component/status.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import type { Logger } from '../telemetry/logger.js'
import type { Pressure } from '../pressure/pressure.js'
import type { Meter } from '../telemetry/meter.js'
import { Edge, noRecorder, type EdgeRecorder } from './edge.js'
import { fanOut } from './fanout.js'
import { Inlet } from './inlet.js'
import { keyOf, nthOf } from './instances.js'
import { layers, type Layer } from './layers.js'
import { borrowsFrom } from './lending.js'
import { Made } from './made.js'
import { Outlet } from './outlet.js'
import type { FindFactory, PipelinePlan, Plan } from './plan.js'
import { SignalCheck, SignalGate } from './signal-gate.js'
import { PressureGate } from './pressure-gate.js'
import { canWait, sendersCanWait } from './senders.js'
import type { PlacedEdge } from './thread-taps.js'
import { Unanswered } from './unanswered.js'

export interface RepeatingReporter extends StatusReporter {
  /** Tells the last state once more, if there was any. */
  repeat(): void
}

/** What the thread gives its components. */
export interface ThreadServices {
  readonly clock: Clock
  readonly logger: Logger
  meter(attributes: Readonly<Record<string, string>>): Meter
  edge(from: string, to: string, pipeline: string): EdgeRecorder
  drops(component: string, pipeline: string): { add: (reason: string, rows: number) => void }
  status(component: string): RepeatingReporter
  lifecycle(component: string, state: ComponentState): void
  host(component: string): Host
  /** Whichever component of the whole graph answers. */
  readonly ask: AskPeer
  find(kind: Kind, type: string): ComponentFactory | undefined
  readonly pressure: Pressure
  readonly overrides: readonly Override[]
}

/** The writing end of the ring(s) of one side of a pipeline, as seen from this thread; undefined when it writes none. */
export type RingWriters = (pipeline: string, side: 'in' | 'out') => Consumer | undefined

/** The graph before, and the keys (`keyOf`) of what of it stays. */
export interface Origin { readonly graph: ThreadGraph, readonly kept: ReadonlySet<string> }

export interface ThreadGraphOptions {
  readonly origin?: Origin | undefined
  /** Receivers may begin, and what they bring waits for `takeOver`. */
  readonly held?: boolean | undefined
  /** It is to follow another graph, which comes back when this one does not start. */
  readonly isReload?: boolean | undefined
}

/** Where a component stands and what it sends to. */
interface Placing {
  readonly layer: Layer
  readonly kind: Kind
  readonly id: string
  /** Left out for what exists once a thread. */
  readonly pipeline?: string
  readonly nth?: number
  readonly next?: Consumer
  /** Whether all that `next` leads to here is done with a batch at its outcome. */
  readonly nextBorrows?: boolean
  readonly outputs?: ReadonlyMap<string, Consumer>
}

const nowhere: Consumer = {
  consume: () => ({ status: 'refused', reason: 'this component sends nowhere' })
}

export class ThreadGraph {
  /** In the order they are started in: the last of a pipeline first. */
  readonly made: Record<Layer, Made[]> = { extensions: [], exporters: [], processors: [], early: [], receivers: [] }
  readonly shared: Shared
  /** All arrows of this thread. */
  readonly edges: PlacedEdge[] = []
  readonly #exporters = new Map<string, Made>()
  readonly #connectors = new Map<string, Made>()
  readonly #heads = new Map<string, Consumer>()
  readonly #tails = new Map<string, Consumer>()
  readonly #insisting = new AbortController()
  /** What turns the outlets of adopted components to this wiring. */
  readonly #turns: (() => void)[] = []
  /** Until it has taken over: a graph must not keep all that were before it. */
  #origin: Origin | undefined
  readonly #isHeld: boolean
  readonly #isReload: boolean

  constructor (readonly plan: Plan, readonly thread: string, readonly services: ThreadServices, readonly writers: RingWriters, { origin, held = false, isReload = false }: ThreadGraphOptions = {}) {
    this.#origin = origin
    this.#isHeld = held
    this.#isReload = isReload
    const sharers = origin?.graph.all.some(m => m.parts.shares && this.#adoptable(m)) === true
    this.shared = sharers ? origin!.graph.shared : createShared()
  }

  get all (): readonly Made[] { return layers.flatMap(layer => this.made[layer]) }

  /** Creates what is not adopted and wires everything. Rejects with an error that names the component. */
  async build (): Promise<void> {
    if (this.thread === this.plan.deliverThread) await this.#buildExporters()
    for (const pipeline of this.plan.pipelines) await this.#buildPipeline(pipeline)
    await this.#buildReceivers()
    if (this.thread === 'main') for (const id of this.plan.extensions) await this.#make({ layer: 'extensions', kind: 'extension', id })
  }

  /** Where the reading end of a ring hands its batches to; undefined when this thread has no such place. */
  entry (pipeline: string, side: 'in' | 'out'): Consumer | undefined {
    const plan = this.plan.pipelines.find(p => p.id === pipeline)
    return side === 'in' && plan?.hasProcess === true ? this.#heads.get(pipeline) : this.#tails.get(pipeline)
  }

  /** In the order they were made; what runs is left alone. */
  async start (layer: Layer): Promise<void> {
    for (const made of this.made[layer]) await made.start()
  }

  /** Stops a layer in the order in which rows flow, so that each component can still flush into the next. Collects errors. */
  async stop (layer: Layer, deadline: Deadline): Promise<readonly string[]> {
    const errors: string[] = []
    for (const made of [...this.made[layer]].reverse()) {
      if (made.isStopped) continue
      const error = await made.stop(deadline)
      if (error !== undefined) errors.push(error)
    }
    return errors
  }

  /** From now on batches take this wiring, those too that wait. Everything of it must run. */
  takeOver (): void {
    for (const turn of this.#turns.splice(0)) turn()
    const keys = new Set(this.all.map(made => made.key))
    for (const gone of this.#origin?.graph.all ?? []) if (!keys.has(gone.key)) gone.parts.inlet.end()
    this.#origin = undefined
    for (const made of this.all) {
      made.parts.inlet.resume(made.consumer)
      for (const outlet of made.outlets) outlet.open()
    }
  }

  /** Stops what of this graph is not of the one before: it never took over. Whoever waits at one of its receivers is asked to come again. */
  async drop (deadline: Deadline): Promise<readonly Made[]> {
    const own = this.all.filter(made => this.#origin?.graph.all.includes(made) !== true)
    for (const made of own) for (const outlet of made.outlets) outlet.dismiss()
    await Promise.all(own.map(made => made.stop(deadline)))
    this.abort()
    return own
  }

  /** Of a component in several pipelines the first instance answers. Rejects with `Unanswered`, or with what the component threw. */
  async ask<Q extends Question> (name: string, question: Q, argument: Questions[Q]['argument']): Promise<Answer<Q>> {
    const made = this.all.find(m => m.name === name)
    if (made !== undefined && made.parts.component.answer === undefined) throw new Unanswered(name, question, 'unknown', `does not answer ${question}`)
    if (made?.runs !== true) throw new Unanswered(name, question, 'gone', made?.isStopped === true ? 'has stopped' : 'does not run yet')
    return await (made.parts.component.answer as Answerer)(question, argument)
  }

  /** Ends every wait of fan-outs: their batches go back to whoever sent them. */
  abort (): void { this.#insisting.abort() }

  async #buildExporters (): Promise<void> {
    const used = new Set(this.plan.pipelines.flatMap(p => p.realExporters))
    for (const id of used) this.#exporters.set(id, await this.#make({ layer: 'exporters', kind: 'exporter', id }))
  }

  async #buildPipeline (p: PipelinePlan): Promise<void> {
    const delivers = this.thread === this.plan.deliverThread
    const processes = p.processThreads.includes(this.thread)
    if (!delivers && !processes) return
    const last = p.processors.at(-1)
    const lastName = last === undefined ? `pipeline/${p.id}` : `processor/${last}`
    const toExporters = delivers
      ? p.realExporters.map(id => this.#edge(lastName, `exporter/${id}`, p.id, (this.#exporters.get(id) as Made).parts.inlet))
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
      const made = await this.#make({ layer, kind: 'processor', id, pipeline: p.id, nth: nthOf(p.processors, i), next, nextBorrows: this.#borrowsFrom(p, i + 1) })
      next = this.#edge(i === 0 ? `pipeline/${p.id}` : `processor/${p.processors[i - 1]}`, `processor/${id}`, p.id, made.parts.inlet)
    }
    return next
  }

  /** What the receivers of a pipeline give to: its early processors, a ring, or what of it is in this thread. */
  async #buildInlet (p: PipelinePlan): Promise<Consumer> {
    const target = this.writers(p.id, 'in') ?? this.#heads.get(p.id) ?? this.#tails.get(p.id) as Consumer
    return this.#chain('early', p, 0, p.early.length, target)
  }

  /** One instance a thread, whatever number of pipelines it ends. The pipelines it starts are built already. */
  async #connector (id: string, from: string, pipeline: string): Promise<Consumer> {
    let made = this.#connectors.get(id)
    if (made === undefined) {
      const starts = this.plan.pipelines.filter(q => q.fromConnectors.includes(id))
      const outputs = new Map(starts.map(q => [q.id, this.#gate(q, this.#edge(`connector/${id}`, `pipeline/${q.id}`, q.id, this.#heads.get(q.id) as Consumer))]))
      made = await this.#make({ layer: 'processors', kind: 'connector', id, next: this.#fanOut([...outputs.values()], `connector ${id}`, starts.some(q => q.endToEnd)), outputs })
      this.#connectors.set(id, made)
    }
    return this.#edge(from, `connector/${id}`, pipeline, made.parts.inlet)
  }

  async #buildReceivers (): Promise<void> {
    const inlets = new Map<string, Consumer>()
    const here = this.plan.pipelines.filter(p => p.receiveThread === this.thread && p.realReceivers.length > 0)
    for (const p of here) inlets.set(p.id, await this.#buildInlet(p))
    const used = new Set(here.flatMap(p => p.realReceivers))
    const find: FindFactory = (kind, type) => this.services.find(kind, type)
    for (const id of used) {
      const fed = here.filter(p => p.realReceivers.includes(id))
      const targets = fed.map(p => this.#gate(p, this.#edge(`receiver/${id}`, `pipeline/${p.id}`, p.id, inlets.get(p.id) as Consumer)))
      const taken = fed.map(p => p.signal)
      const all = this.#fanOut(targets, `receiver ${id}`, fed.some(p => p.endToEnd))
      const drops = this.services.drops(`receiver/${id}`, '')
      const checked = taken.includes(undefined) ? all : new SignalCheck([...new Set(taken as Signal[])], all, rows => drops.add('no_pipeline', rows))
      const next = canWait(find, id) ? new PressureGate(this.services.pressure, checked) : checked
      await this.#make({ layer: 'receivers', kind: 'receiver', id, next, nextBorrows: fed.every(p => this.#borrowsFrom(p, 0)) })
    }
  }

  #borrowsFrom (p: PipelinePlan, from: number): boolean {
    return borrowsFrom(this.plan, this.thread, (kind, type) => this.services.find(kind, type), p, from)
  }

  #sendersCanWait (pipeline: string): boolean {
    return sendersCanWait(this.plan, (kind, type) => this.services.find(kind, type), pipeline)
  }

  #gate (pipeline: PipelinePlan, target: Consumer): Consumer {
    return pipeline.signal === undefined ? target : new SignalGate(pipeline.signal, target)
  }

  #edge (from: string, to: string, pipeline: string, target: Consumer | Inlet): Consumer {
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

  #adoptable (made: Made): boolean {
    return this.#origin?.kept.has(made.key) === true && made.runs
  }

  /** Adopts the component of this place, or creates it. */
  async #make (placing: Placing): Promise<Made> {
    const key = keyOf({ pipeline: '', nth: 0, ...placing })
    const before = this.#origin?.graph.all.find(m => m.key === key)
    const made = before !== undefined && this.#adoptable(before) ? this.#adopt(before, placing) : await this.#create(key, placing, before)
    this.made[placing.layer].push(made)
    return made
  }

  #adopt (made: Made, { next = nowhere, nextBorrows = false, outputs }: Placing): Made {
    this.#turns.push(() => {
      made.parts.next?.aim(next, nextBorrows)
      made.parts.senders.canWait = this.#sendersCanWait(made.parts.pipeline)
      for (const [pipeline, outlet] of made.parts.outputs) outlet.aim(outputs?.get(pipeline) ?? nowhere, false)
    })
    return made
  }

  async #create (key: string, placing: Placing, before: Made | undefined): Promise<Made> {
    const { services } = this
    const { layer, kind, id, pipeline = '', next: target = nowhere, nextBorrows = false } = placing
    const parsed = componentId(kind, id)
    const factory = services.find(kind, parsed.type)
    const spec = this.plan.components.find(c => c.kind === kind && c.id === id)
    if (factory === undefined || spec === undefined) throw new Error(`no factory or config for ${kind} ${id}`)
    const name = `${kind}/${id}`
    const attributes = { component_kind: kind, component_id: id, ...(pipeline === '' ? {} : { pipeline }) }
    const next = new Outlet(target, nextBorrows)
    const senders = { canWait: this.#sendersCanWait(pipeline) }
    const status = services.status(name)
    const outputs = new Map([...placing.outputs ?? []].map(([to, consumer]) => [to, new Outlet(consumer, false)]))
    const values: ServiceValues = {
      id: parsed,
      config: spec.config,
      logger: services.logger.child({ component: name, ...(pipeline === '' ? {} : { pipeline }) }),
      meter: services.meter(attributes),
      clock: services.clock,
      status,
      drops: services.drops(name, pipeline),
      next,
      outputs,
      nextBorrows,
      shared: factory.shares === true ? this.shared : unshared(name),
      pressure: services.pressure,
      senders,
      ...lookupsBy(services.ask)
    }
    try {
      const component = await factory.create(createServices(values, services.overrides))
      const made = new Made({
        key, name, layer, pipeline, component, next, outputs, senders,
        shares: factory.shares === true,
        inlet: before?.parts.inlet ?? new Inlet(component as unknown as Consumer),
        lifecycle: state => services.lifecycle(name, state),
        repeatStatus: () => status.repeat(),
        host: () => ({ ...services.host(name), isReload: this.#isReload })
      })
      // Beside a graph that runs it is nothing to be seen before it is started.
      if (this.#origin === undefined) made.announce()
      if (layer === 'receivers' && this.#isHeld) for (const outlet of made.outlets) outlet.close()
      return made
    } catch (error) {
      throw new Error(`${name} could not be created: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
}

/** A reload must know who shares: what is not said in the factory is a bug of its author, seen at the first start. */
function unshared (name: string): Shared {
  return { get: key => { throw new Error(`${name} asks for the shared ${key}, and its factory does not say \`shares: true\``) } }
}
