/** The pods one configuration asks for, watched once per thread however many pipelines want them. */
import type { Clock } from '../../core/component/clock.js'
import { accessOf } from '../../core/kubernetes/access-options.js'
import { ApiClient } from '../../core/kubernetes/api-client.js'
import { ListWatch, type WatchState } from '../../core/kubernetes/list-watch.js'
import { pods, type Selection } from '../../core/kubernetes/resources.js'
import type { Logger } from '../../core/telemetry/logger.js'
import { PodIndex } from '../../core/topology/pod-index.js'
import type { K8sAttributesConfig } from './config.js'
import { tagSelector } from './tags.js'

export type SourceState = WatchState | { readonly state: 'impossible', readonly reason: string }
type Listener = (state: SourceState) => void

export class PodSource {
  readonly index: PodIndex
  readonly #listeners = new Set<Listener>()
  #state: SourceState | undefined
  #watch: ListWatch | undefined
  #client: ApiClient | undefined
  #opening: Promise<void> | undefined
  #stopped = false

  constructor (readonly config: K8sAttributesConfig, readonly clock: Clock, readonly logger: Logger) {
    this.index = new PodIndex({ clock, selectTags: tagSelector(config.extract), graceMs: config.deleted_pod_grace })
  }

  /** The listener hears the present state at once. */
  subscribe (listener: Listener): () => void {
    this.#listeners.add(listener)
    if (this.#state !== undefined) listener(this.#state)
    this.#opening ??= this.#open()
    return () => { this.#listeners.delete(listener) }
  }

  async stop (): Promise<void> {
    this.#stopped = true
    await this.#opening
    await this.#watch?.stop()
    this.#client?.close()
  }

  async #open (): Promise<void> {
    try {
      const access = await accessOf(this.config, this.clock, this.logger)
      if (this.#stopped) return
      this.#client = new ApiClient(access)
      this.#watch = new ListWatch({ client: this.#client, clock: this.clock, type: pods, selection: selectionOf(this.config.filter), sink: this.index, onState: state => { this.#say(state) } })
      this.#watch.start()
    } catch (error) {
      this.#say({ state: 'impossible', reason: error instanceof Error ? error.message : String(error) })
    }
  }

  #say (state: SourceState): void {
    this.#state = state
    for (const listener of [...this.#listeners]) listener(state)
  }
}

export function selectionOf (filter: K8sAttributesConfig['filter'], env: Readonly<Record<string, string | undefined>> = process.env): Selection {
  const variable = filter.node_from_env_var
  const node = variable === '' ? filter.node : env[variable] ?? ''
  if (variable !== '' && node === '') throw new Error(`filter.node_from_env_var: ${variable} is not set or empty; set it in the pod's spec from \`spec.nodeName\``)
  return { ...(filter.namespace === '' ? {} : { namespace: filter.namespace }), ...(node === '' ? {} : { fieldSelector: `spec.nodeName=${node}` }) }
}

interface Shared { readonly source: PodSource, users: number }

/** One list and one watch per thread and configuration: three pipelines must not ask the API server thrice. */
const shared = new Map<string, Shared>()

/** The source of `config`, shared with whoever wants the same pods and tags; `release` it once. */
export function acquire (config: K8sAttributesConfig, clock: Clock, logger: Logger): { readonly source: PodSource, release(): Promise<void> } {
  const { extract, filter } = config
  const key = JSON.stringify([config.auth_type, config.kubeconfig, config.context, config.api_server, extract.labels, extract.annotations, filter, config.deleted_pod_grace])
  const entry = shared.get(key) ?? { source: new PodSource(config, clock, logger), users: 0 }
  shared.set(key, entry)
  entry.users++
  return {
    source: entry.source,
    async release () {
      if (--entry.users > 0) return
      shared.delete(key)
      await entry.source.stop()
    }
  }
}
