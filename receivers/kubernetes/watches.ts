/** All watches that a configuration asks for: one for a resource, or one for each of its namespaces. */
import type { Clock } from '../../core/component/clock.js'
import type { ApiClient } from '../../core/kubernetes/api-client.js'
import { ListWatch, type ObjectSink, type WatchCounts, type WatchState } from '../../core/kubernetes/list-watch.js'
import type { ResourceType, Selection } from '../../core/kubernetes/resources.js'
import { kindOf, watchables, type KubeKind, type ResourceName, type Watchable } from '../../core/kubernetes/watchable.js'
import type { KubernetesConfig } from './config.js'

export interface WatchPlan {
  /** Names it in a checkpoint: whatever else it selects has another id. */
  readonly id: string
  readonly resource: ResourceName
  readonly kind: KubeKind
  readonly watchable: Watchable
  readonly selection: Selection
}

export function planWatches (config: Pick<KubernetesConfig, 'resources' | 'namespaces' | 'exclude_namespaces' | 'selectors'>): readonly WatchPlan[] {
  return config.resources.flatMap(resource => {
    const watchable: Watchable = watchables[resource]
    return namespacesOf(watchable, config.namespaces).map(namespace => {
      const selection = selectionOf(config, resource, watchable, namespace)
      return { id: [resource, namespace ?? '*', selection.labelSelector ?? '', selection.fieldSelector ?? ''].join(' '), resource, kind: kindOf[resource], watchable, selection }
    })
  })
}

function namespacesOf (watchable: Watchable, wanted: readonly string[]): readonly (string | undefined)[] {
  if (watchable.namespace !== undefined) return [watchable.namespace]
  return watchable.namespaced && wanted.length > 0 ? wanted : [undefined]
}

function selectionOf (config: Pick<KubernetesConfig, 'exclude_namespaces' | 'selectors'>, resource: ResourceName, watchable: Watchable, namespace: string | undefined): Selection {
  const { label, field } = config.selectors[resource] ?? {}
  const excluded = watchable.namespaced && namespace === undefined ? config.exclude_namespaces.map(n => `metadata.namespace!=${n}`) : []
  const fields = [...(field === undefined ? [] : [field]), ...excluded].join(',')
  return { ...(namespace === undefined ? {} : { namespace }), ...(label === undefined ? {} : { labelSelector: label }), ...(fields === '' ? {} : { fieldSelector: fields }) }
}

export interface WatchContext {
  readonly client: ApiClient
  readonly clock: Clock
  onState(plan: WatchPlan, state: WatchState): void
}

const noCounts: WatchCounts = { lists: 0, watches: 0, expired: 0, brokenOff: 0, bookmarks: 0, changes: 0 }

/** One of them, by the older of two APIs when the server does not give the newer. */
export class ResourceWatch {
  #current: ListWatch
  #ended: WatchCounts = noCounts
  #stopped = false
  #replacing: Promise<void> | undefined

  constructor (readonly plan: WatchPlan, readonly context: WatchContext, readonly sink: ObjectSink, fromVersion: string) {
    this.#current = this.#open(plan.watchable.type, fromVersion)
  }

  get version (): string { return this.#current.version }

  get counts (): WatchCounts {
    const { counts } = this.#current
    return Object.fromEntries(Object.entries(counts).map(([name, n]) => [name, n as number + this.#ended[name as keyof WatchCounts]])) as unknown as WatchCounts
  }

  start (): void { this.#current.start() }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#replacing
    await this.#current.stop()
  }

  #open (type: ResourceType, fromVersion: string): ListWatch {
    const { client, clock } = this.context
    const { watchable, selection } = this.plan
    const isFallback = type === watchable.fallback
    return new ListWatch({
      client, clock, type, selection, sink: this.sink, fromVersion,
      representation: watchable.metadataOnly === true ? 'metadata' : 'whole',
      onState: state => {
        if (state.state === 'denied' && watchable.fallback !== undefined && !isFallback) this.#replacing ??= this.#fallBack(watchable.fallback)
        else this.context.onState(this.plan, state)
      }
    })
  }

  async #fallBack (type: ResourceType): Promise<void> {
    const denied = this.#current
    // Not from within its own call.
    await new Promise(resolve => setImmediate(resolve))
    await denied.stop()
    this.#ended = denied.counts
    if (this.#stopped) return
    this.#current = this.#open(type, denied.version)
    this.#current.start()
  }
}
