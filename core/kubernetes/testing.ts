/** A sink that writes down what it is told, for tests of list and watch. */
import type { ObjectSink, WatchState } from './list-watch.js'
import type { KubeObject } from './objects.js'

export class RecordingSink implements ObjectSink {
  /** By name: every version given, deletions as `-version`. */
  readonly history = new Map<string, string[]>()
  readonly held = new Map<string, KubeObject>()
  readonly states: WatchState[] = []
  lists = 0
  #listed = new Set<string>()

  listing (): void { this.#listed = new Set() }

  put (object: KubeObject): void {
    const { name = '', resourceVersion = '' } = object.metadata ?? {}
    this.#listed.add(name)
    this.held.set(name, object)
    this.#write(name, resourceVersion)
  }

  remove (object: KubeObject): void {
    const { name = '', resourceVersion = '' } = object.metadata ?? {}
    this.held.delete(name)
    this.#write(name, `-${resourceVersion}`)
  }

  listed (): void {
    for (const name of [...this.held.keys()]) if (!this.#listed.has(name)) this.held.delete(name)
    this.lists++
  }

  readonly onState = (state: WatchState): void => { this.states.push(state) }

  /** Resolves when `done` holds; throws after ten seconds. */
  async until (what: string, done: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + 10_000
    while (!done()) {
      if (performance.now() > deadlineMs) throw new Error(`never came: ${what}; states ${JSON.stringify(this.states.slice(-5))}`)
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #write (name: string, version: string): void {
    const all = this.history.get(name) ?? []
    if (all.at(-1) !== version) all.push(version)
    this.history.set(name, all)
  }
}
