/**
 * One resource kept up to date: listed in pages, then watched from the list's version on, for as long as it runs.
 *
 *   list ──► watch ──► ended, broken off  ──► watch from the last version seen (an event's or a bookmark's)
 *     ▲        └─────► 410 Gone: too old  ──► list again
 *     └── failed: waits, longer each time, and tries again
 *
 * Every change the server still remembers is given exactly once; only a new list may skip intermediate ones.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import type { Clock } from '../component/clock.js'
import { Backoff, type RetryPolicy } from '../delivery/backoff.js'
import { ApiError, type ApiClient, type Representation } from './api-client.js'
import { LineTooLong } from './json-lines.js'
import type { KubeList, KubeObject, Status } from './objects.js'
import { resourceUrl, type ResourceType, type Selection } from './resources.js'

/** Who keeps the objects. */
export interface ObjectSink {
  /** A whole list follows, as `put`s. May come again before `listed` when a list had to begin anew. */
  listing(): void
  /** Added, changed, or found in a list (then perhaps the same as before). */
  put(object: KubeObject): void
  remove(object: KubeObject): void
  /** The list has been given: what is held and did not come in it is gone. */
  listed(): void
  /** Awaited before more is read; a server that is kept waiting too long ends the watch, which then goes on from where it was. */
  room?(): Promise<void> | undefined
}

export type WatchState =
  | { readonly state: 'listed', readonly objects: number }
  | { readonly state: 'watching' }
  /** Tried again; `reason` in words. */
  | { readonly state: 'failing', readonly reason: string }
  /** Not permitted, or no such resource: tried again seldom. */
  | { readonly state: 'denied', readonly reason: string }

export interface WatchCounts { lists: number, watches: number, expired: number, brokenOff: number, bookmarks: number, changes: number }

export interface ListWatchOptions {
  readonly client: ApiClient
  readonly clock: Clock
  readonly type: ResourceType
  readonly selection: Selection
  readonly sink: ObjectSink
  readonly onState: (state: WatchState) => void
  /** A version that the sink has all of, from an earlier run: the watch begins there, without a list. */
  readonly fromVersion?: string
  readonly representation?: Representation
  /** Objects a page; client-go's pager has the same. */
  readonly pageSize?: number
  /** The server is asked to end a watch after this long, so that load balancers and rotated credentials are met in peace. */
  readonly watchMs?: number
  readonly policy?: RetryPolicy
  readonly random?: () => number
}

/** client-go's reflector: 0.8 s doubling to 30 s. */
const reflectorPolicy: RetryPolicy = { initialMs: 800, maxMs: 30_000, multiplier: 2, jitter: 0.5, maxElapsedMs: 0 }
/** Rights may be granted later. */
const deniedMs = 300_000
/** Beyond the time after which the server ends a watch by itself. */
const idleGraceMs = 30_000
/** A watch that gave nothing and ended this soon counts as failed, or a broken proxy would be asked without pause. */
const shortWatchMs = 1000
const expiredStatus = 410

class Expired extends Error {}

export class ListWatch {
  readonly counts: WatchCounts = { lists: 0, watches: 0, expired: 0, brokenOff: 0, bookmarks: 0, changes: 0 }
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #version = ''
  #backoff: Backoff
  #state = ''

  constructor (readonly options: ListWatchOptions) {
    this.#backoff = this.#freshBackoff()
    this.#version = options.fromVersion ?? ''
  }

  /** What the sink has been given, as a version to begin from another time; '' while a list is needed. */
  get version (): string { return this.#version }

  start (): void { this.#running ??= this.#run() }

  async stop (): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run (): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        if (this.#version === '') await this.#list()
        await this.#watch()
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        await this.#recover(error)
      }
    }
  }

  async #list (): Promise<void> {
    const { client, type, selection, sink, representation, pageSize = 500 } = this.options
    this.counts.lists++
    sink.listing()
    let [next, objects, version] = ['', 0, '']
    do {
      const page = await client.get(resourceUrl(type, selection, { limit: String(pageSize), ...(next === '' ? {} : { continue: next }) }), this.#stopping.signal, representation) as KubeList
      for (const item of page.items ?? []) sink.put(item)
      await sink.room?.()
      this.#stopping.signal.throwIfAborted()
      objects += page.items?.length ?? 0
      version = page.metadata?.resourceVersion ?? ''
      next = page.metadata?.continue ?? ''
    } while (next !== '')
    if (version === '') throw new Error('the list has no resourceVersion')
    this.#version = version
    sink.listed()
    this.#say({ state: 'listed', objects })
  }

  async #watch (): Promise<void> {
    const { client, clock, type, selection, sink, representation, watchMs = 300_000, random = Math.random } = this.options
    const seconds = Math.max(1, Math.round(watchMs * (0.8 + 0.2 * random()) / 1000))
    this.counts.watches++
    const startedMs = clock.monotonicMs()
    let lines = 0
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: this.#version, timeoutSeconds: String(seconds) }
    const lived = (): boolean => lines > 0 || clock.monotonicMs() - startedMs >= shortWatchMs
    try {
      await client.lines(resourceUrl(type, selection, query), this.#stopping.signal, seconds * 1000 + idleGraceMs, {
        opened: () => { this.#say({ state: 'watching' }) },
        line: text => { this.#take(text); lines++ },
        room: () => sink.room?.()
      }, representation)
    } finally {
      // A quiet watch that breaks off after an hour is no repeated failure.
      if (lived()) this.#backoff = this.#freshBackoff()
    }
    if (!lived()) throw new Error('the server ended a watch at once')
  }

  #take (line: string): void {
    const { type, object } = JSON.parse(line) as { type?: string, object?: KubeObject }
    if (object === undefined) throw new Error('a watch event without an object')
    if (type === 'ERROR') throw errorEvent(object as Status)
    const version = object.metadata?.resourceVersion
    if (version === undefined || version === '') throw new Error(`a watch event of type ${type ?? '?'} without resourceVersion`)
    const { sink } = this.options
    if (type === 'BOOKMARK') this.counts.bookmarks++
    else {
      if (type === 'DELETED') sink.remove(object)
      else sink.put(object)
      this.counts.changes++
    }
    this.#version = version
  }

  async #recover (error: unknown): Promise<void> {
    if (isExpired(error)) {
      this.counts.expired++
      // A list whose own pages expire again and again is waited for like any failure.
      const whileListing = this.#version === ''
      this.#version = ''
      if (whileListing) await this.#pause(this.#backoff.next())
      return
    }
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof ApiError && (error.code === 403 || error.code === 404)) {
      this.#say({ state: 'denied', reason })
      await this.#pause(deniedMs)
      return
    }
    if (!(error instanceof ApiError)) this.counts.brokenOff++
    // The same line would come again and again; a list has room for it.
    if (error instanceof LineTooLong) this.#version = ''
    this.#say({ state: 'failing', reason })
    await this.#pause(this.#backoff.next(error instanceof ApiError ? error.retryAfterMs : 0))
  }

  /** A state is told when it begins, not at every try. */
  #say (state: WatchState): void {
    const name = state.state
    if (name === this.#state) return
    this.#state = name
    this.options.onState(state)
  }

  #freshBackoff (): Backoff {
    return new Backoff(this.options.policy ?? reflectorPolicy, this.options.random)
  }

  #pause (ms: number): Promise<void> {
    const { signal } = this.#stopping
    return new Promise(resolve => {
      const done = (): void => { cancel(); signal.removeEventListener('abort', done); resolve() }
      const cancel = this.options.clock.after(ms, done)
      signal.addEventListener('abort', done)
      if (signal.aborted) done()
    })
  }
}

function errorEvent (status: Status): Error {
  const { code = 0, reason = '', message = 'the server ended the watch with an error' } = status
  return code === expiredStatus || reason === 'Expired' ? new Expired(message) : new ApiError(code, reason, message, 1000 * (status.details?.retryAfterSeconds ?? 0))
}

function isExpired (error: unknown): boolean {
  return error instanceof Expired || (error instanceof ApiError && error.code === expiredStatus)
}
