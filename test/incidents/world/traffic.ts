/** Requests through the applications of a namespace, as their spans, logs and failed connections tell of them. */
import type { Flow } from '../sources/kernel.js'
import type { Attributes, LogDraft, SpanDraft } from '../sources/otlp.js'
import { alive } from './controllers.js'
import { connectionError, logText } from './error-texts.js'
import { hostOf, type App, type Pod } from './parts.js'
import { taskOf } from './pod-life.js'
import type { World } from './world.js'

export type Failure = 'refused' | 'timeout' | 'dns' | 'tls' | 'reset' | 'error' | 'slow' | 'auth' | 'unreachable'

/** What goes wrong between a caller and a callee. */
export interface Breakage {
  readonly kind: Failure
  /** Left out: all callers. */
  readonly by?: (caller: Pod) => boolean
  readonly of: (callee: App, pod: Pod | undefined) => boolean
  /** Share of requests; left out = all. */
  readonly share?: number
  /** How long the callee takes, of `slow`. */
  readonly tookMs?: number
  /** The callee's own words, of `error`: it answers 500 and logs this. */
  readonly message?: string
}

/** An SDK hands on what has ended. */
interface Waiting<T> { readonly endMs: number, readonly item: T }

interface Answer { readonly endMs: number, readonly status: number, readonly error?: string }

const clientTimeoutMs = 3000
const resourceModes = ['full', 'full', 'uid', 'ip', 'host'] as const

export class Traffic {
  readonly #breakages = new Set<Breakage>()
  readonly #spans = new Map<Pod, Waiting<SpanDraft>[]>()
  readonly #logs = new Map<Pod, Waiting<LogDraft>[]>()
  readonly #modes = new Map<App, (typeof resourceModes)[number]>()

  constructor (readonly world: World) {}

  /** Answers how to mend it. */
  break (breakage: Breakage): () => void {
    this.#breakages.add(breakage)
    return () => { this.#breakages.delete(breakage) }
  }

  /** One request to an application nobody here calls. */
  request (entry: App): void {
    const pod = this.#choose(entry)
    // Nobody hears a request to what is not there; who asked is outside.
    if (pod === undefined || !pod.isUp || pod.node?.isDown === true) return
    this.#serve(pod, this.world.dice.hex(32), undefined, this.world.nowMs, 0)
  }

  /** A line of the application's log. */
  log (pod: Pod, severity: 'INFO' | 'WARN' | 'ERROR' | 'FATAL', body: string, span?: { readonly traceId: string, readonly spanId: string }, atMs = this.world.nowMs): void {
    const numbers = { INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 } as const
    keep(this.#logs, pod, atMs, { timeMs: atMs + skewOf(pod), severity: numbers[severity], severityText: severity, body, ...span })
  }

  /** A span alone, of background work. */
  span (pod: Pod, span: SpanDraft): void { keep(this.#spans, pod, span.endMs - skewOf(pod), span) }

  resourceOf (pod: Pod): Attributes {
    const { app } = pod
    const service = { 'service.name': app.name, 'service.namespace': app.namespace, 'service.version': app.image.split(':').at(-1) ?? '', 'telemetry.sdk.language': app.language === 'node' ? 'nodejs' : app.language }
    switch (this.#mode(app)) {
      case 'full': return { ...service, 'k8s.namespace.name': app.namespace, 'k8s.pod.name': pod.name, 'k8s.pod.uid': pod.uid, 'k8s.node.name': pod.node?.name ?? '', 'k8s.deployment.name': app.name, 'container.id': pod.containerId }
      case 'uid': return { ...service, 'k8s.pod.uid': pod.uid }
      case 'ip': return { ...service, 'k8s.pod.ip': pod.ip }
      case 'host': return { ...service, 'host.name': pod.name, 'k8s.namespace.name': app.namespace }
    }
  }

  /** What SDKs have gathered goes out, pod by pod. */
  flush (): void {
    const { nowMs } = this.world
    for (const [pod, spans] of take(this.#spans, nowMs)) this.world.otlp(pod.otlp.spans(this.resourceOf(pod), spans, nowMs))
    for (const [pod, logs] of take(this.#logs, nowMs)) this.world.otlp(pod.otlp.logs(this.resourceOf(pod), logs, nowMs))
  }

  #mode (app: App): (typeof resourceModes)[number] {
    let mode = this.#modes.get(app)
    if (mode === undefined) this.#modes.set(app, mode = this.world.dice.pick(resourceModes))
    return mode
  }

  #choose (app: App): Pod | undefined { return app.endpoints.length === 0 ? undefined : this.world.dice.pick(app.endpoints) }

  #serve (pod: Pod, traceId: string, parentSpanId: string | undefined, startMs: number, depth: number): Answer {
    const { dice } = this.world
    const spanId = dice.hex(16)
    const own = this.#matching(undefined, pod.app, pod).find(b => b.kind === 'error' || b.kind === 'slow')
    let atMs = startMs + dice.between(1, 8) + (own?.kind === 'slow' ? own.tookMs ?? 2000 : 0)
    let failed: string | undefined = own?.kind === 'error' ? own.message ?? 'internal error' : undefined
    if (own?.kind === 'error') this.log(pod, 'ERROR', failed as string, { traceId, spanId }, atMs)
    for (const callee of depth < 4 && failed === undefined ? pod.app.calls : []) {
      const answer = this.#call(pod, callee, traceId, spanId, atMs, depth)
      atMs = answer.endMs + dice.between(1, 4)
      if (answer.error !== undefined && dice.chance(0.95)) { failed = answer.error; break }
    }
    const status = failed === undefined ? 200 : own?.kind === 'error' ? 500 : dice.pick([500, 502, 503])
    this.span(pod, {
      traceId, spanId, ...(parentSpanId === undefined ? {} : { parentSpanId }), name: 'GET /items/{id}', kind: 'server', startMs: startMs + skewOf(pod), endMs: atMs + skewOf(pod),
      attributes: { 'http.request.method': 'GET', 'http.route': '/items/{id}', 'url.path': `/items/${dice.below(9000)}`, 'http.response.status_code': status, 'server.address': pod.app.name, 'server.port': pod.app.port },
      // Instrumentations of servers say the code, not why.
      ...(failed === undefined ? {} : { error: own === undefined ? '' : failed })
    })
    return failed === undefined ? { endMs: atMs, status } : { endMs: atMs, status, error: `upstream ${pod.app.name} answered ${status}` }
  }

  #call (caller: Pod, callee: App, traceId: string, parentSpanId: string, startMs: number, depth: number): Answer {
    const { dice } = this.world
    const spanId = dice.hex(16)
    const pod = this.#choose(callee)
    const failure = this.#failureOf(caller, callee, pod)
    const answer = failure !== undefined ? this.#fail(caller, callee, failure, startMs) : this.#answered(pod as Pod, traceId, spanId, startMs, depth)
    const isLate = failure === undefined && answer.endMs - startMs > clientTimeoutMs
    const error = isLate ? connectionError(caller.app.language, 'timeout', hostOf(callee), callee.clusterIp, callee.port) : answer.error
    const endMs = isLate ? startMs + clientTimeoutMs : answer.endMs
    this.#clientSpan(caller, callee, traceId, spanId, parentSpanId, startMs, endMs, error, answer.status)
    if (error !== undefined) this.log(caller, 'ERROR', logText(caller.app.language, callee.name, error), { traceId, spanId }, endMs)
    return { endMs, status: answer.status, ...(error === undefined ? {} : { error }) }
  }

  #answered (pod: Pod, traceId: string, spanId: string, startMs: number, depth: number): Answer {
    if (pod.app.role === 'http') return this.#serve(pod, traceId, spanId, startMs + 1, depth + 1)
    const slow = this.#matching(undefined, pod.app, pod).find(b => b.kind === 'slow')
    return { endMs: startMs + this.world.dice.between(1, 12) + (slow?.tookMs ?? 0), status: 200 }
  }

  /** Nobody there, or somebody who is not; else what was broken on purpose. */
  #failureOf (caller: Pod, callee: App, pod: Pod | undefined): Failure | undefined {
    const broken = this.#matching(caller, callee, pod).find(b => b.kind !== 'error' && b.kind !== 'slow')
    if (broken !== undefined) return broken.kind
    if (pod === undefined) return 'refused'
    if (pod.node?.isDown === true) return 'timeout'
    return pod.isUp ? undefined : 'refused'
  }

  #matching (caller: Pod | undefined, callee: App, pod: Pod | undefined): Breakage[] {
    return [...this.#breakages].filter(b => b.of(callee, pod) && (caller === undefined || b.by === undefined || b.by(caller)) && (b.share === undefined || this.world.dice.chance(b.share)))
  }

  #fail (caller: Pod, callee: App, failure: Failure, startMs: number): Answer {
    const tookMs = failure === 'timeout' ? clientTimeoutMs : failure === 'dns' ? 2000 : 2
    const error = connectionError(caller.app.language, failure, hostOf(callee), callee.clusterIp, callee.port)
    const node = caller.node
    if (node !== undefined && caller.task !== undefined && caller.isUp) {
      const flow: Flow = { from: caller.ip, fromPort: this.world.dice.between(32_768, 60_999), to: callee.clusterIp, toPort: callee.port }
      const task = taskOf(caller)
      if (failure === 'refused') this.world.kernel(node, 'net', (k, atMs) => k.connect(atMs, task, flow, 'ECONNREFUSED', 0.4))
      if (failure === 'unreachable') this.world.kernel(node, 'net', (k, atMs) => k.connect(atMs, task, flow, 'EHOSTUNREACH', 3000))
      if (failure === 'reset') this.world.kernel(node, 'net', (k, atMs) => k.abort(atMs, task, flow, 'ECONNRESET'))
      if (failure === 'timeout') {
        this.world.kernel(node, 'net', (k, atMs) => k.retransmit(atMs, task, flow, true, 1))
        this.world.sim.after(clientTimeoutMs, () => { this.world.kernel(node, 'net', (k, atMs) => k.abandoned(atMs, task, flow, clientTimeoutMs)) })
      }
    }
    return { endMs: startMs + tookMs, status: 0, error }
  }

  #clientSpan (caller: Pod, callee: App, traceId: string, spanId: string, parentSpanId: string, startMs: number, endMs: number, error: string | undefined, status: number): void {
    const isStore = callee.role !== 'http'
    const attributes: Attributes = isStore
      ? { 'db.system.name': callee.role === 'cache' ? 'redis' : 'postgresql', 'db.operation.name': callee.role === 'cache' ? 'GET' : 'SELECT', 'server.address': callee.name, 'server.port': callee.port }
      : { 'http.request.method': 'GET', 'url.full': `http://${callee.name}:${callee.port}/items/1`, 'server.address': callee.name, 'server.port': callee.port, ...(status === 0 ? {} : { 'http.response.status_code': status }) }
    const skewMs = skewOf(caller)
    this.span(caller, {
      traceId, spanId, parentSpanId, name: isStore ? `${String(attributes['db.operation.name'])} items` : 'GET', kind: 'client', startMs: startMs + skewMs, endMs: endMs + skewMs, attributes,
      ...(error === undefined ? {} : { error, ...(status === 0 ? { exception: { type: 'ConnectionError', message: error } } : {}) })
    })
  }
}

function keep<T> (into: Map<Pod, Waiting<T>[]>, pod: Pod, endMs: number, item: T): void {
  const known = into.get(pod)
  if (known === undefined) into.set(pod, [{ endMs, item }])
  else known.push({ endMs, item })
}

function take<T> (from: Map<Pod, Waiting<T>[]>, nowMs: number): [Pod, T[]][] {
  const taken: [Pod, T[]][] = []
  for (const [pod, waiting] of from) {
    const ended = waiting.filter(w => w.endMs <= nowMs)
    if (ended.length > 0) taken.push([pod, ended.map(w => w.item)])
    from.set(pod, waiting.filter(w => w.endMs > nowMs))
  }
  return taken
}

export function skewOf (pod: Pod): number { return pod.node?.skewMs ?? 0 }

/** Applications that are called by none of their namespace. */
export function entriesOf (world: World, namespace: string): App[] {
  const apps = world.apps.filter(a => a.namespace === namespace && a.role === 'http')
  return apps.filter(a => !apps.some(b => b.calls.includes(a)) && alive(a).length >= 0)
}
