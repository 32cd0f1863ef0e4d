import type { ServerResponse } from 'node:http'
import { groupVersionOf, type Target } from './kinds.js'
import { partial } from './list.js'
import type { Selector } from './selectors.js'
import type { Change, ObjectStore } from './store.js'

/** One watch being answered. */
export class WatchStream {
  /** Every line given to the connection, as it was said. */
  readonly sent: { type: string, version: number, key: string }[] = []
  #unsubscribe: () => void = () => undefined
  #timer: NodeJS.Timeout | undefined

  constructor (readonly store: ObjectStore, readonly target: Target, readonly selects: Selector, readonly query: URLSearchParams, readonly response: ServerResponse, readonly chunkBytes: () => number, readonly metadataOnly = false) {}

  start (): void {
    const { store, query, response } = this
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
    response.flushHeaders()
    const asked = query.get('resourceVersion') ?? ''
    const history = asked === '' || asked === '0' ? this.#synthetic() : store.since(Number(asked))
    if (history === undefined) {
      const message = `too old resource version: ${asked} (${store.compacted})`
      this.#write({ type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason: 'Expired', code: 410 } })
      response.end()
      return
    }
    for (const change of history) this.#pass(change)
    this.#unsubscribe = store.subscribe(change => { this.#pass(change) })
    const seconds = Number(query.get('timeoutSeconds') ?? 0)
    if (seconds > 0) this.#timer = setTimeout(() => { this.end(); response.end() }, seconds * 1000)
  }

  bookmark (version: number): void {
    if (this.query.get('allowWatchBookmarks') !== 'true') return
    this.sent.push({ type: 'BOOKMARK', version, key: '' })
    const { kind } = this.target
    this.#write({ type: 'BOOKMARK', object: { kind: kind.kind, apiVersion: groupVersionOf(kind), metadata: { resourceVersion: String(version), creationTimestamp: null } } })
  }

  drop (how: 'cleanly' | 'within a line'): void {
    this.end()
    if (how === 'cleanly') this.response.end()
    else this.response.write('{"type":"MODIFIED","object":{"metadata":{"name":"ha', () => { this.response.destroy() })
  }

  end (): void {
    this.#unsubscribe()
    clearTimeout(this.#timer)
  }

  /** Without a version a watch begins with what there is. */
  #synthetic (): readonly Change[] {
    return this.store.list(this.target.id).map(object => ({ version: Number(object.metadata?.resourceVersion), type: 'ADDED', kind: this.target.id, key: '', object, before: undefined }))
  }

  /** Entering and leaving a selection look like being added and deleted. */
  #pass (change: Change): void {
    if (change.kind !== this.target.id) return
    const was = change.before !== undefined && this.selects(change.before)
    const is = change.type !== 'DELETED' && this.selects(change.object)
    if (!was && !is) return
    const type = !is ? 'DELETED' : was ? 'MODIFIED' : 'ADDED'
    this.sent.push({ type, version: change.version, key: change.key })
    this.#write({ type, object: this.metadataOnly ? partial(change.object) : change.object })
  }

  #write (event: object): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`)
    const size = this.chunkBytes() === 0 ? line.length : this.chunkBytes()
    for (let at = 0; at < line.length; at += size) this.response.write(line.subarray(at, at + size))
  }
}
