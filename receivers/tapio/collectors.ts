/** All collectors the server remembers, with their state file. */
import { insist } from '../../core/delivery/insist.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import type { RemoteCollector } from '../../core/component/questions.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import { Collector, type CollectorOptions } from './collector.js'
import { StateFile, type Progress } from './state-file.js'

export interface CollectorsOptions extends Omit<CollectorOptions, 'record'> {
  readonly maxCollectors: number
  readonly stateFile: string | undefined
  readonly fsync: boolean
  readonly logger: Logger
  readonly status: StatusReporter
}

export class Collectors {
  /** In the order in which they were last heard of. */
  readonly #known = new Map<string, Collector>()
  #file: StateFile | undefined
  #failing = false

  constructor (readonly options: CollectorsOptions) {}

  /** Reads the state file. Throws when it cannot be used. */
  open (): void {
    const { stateFile: path, fsync, logger } = this.options
    if (path === undefined) return
    const { file, loaded } = StateFile.open(path, fsync)
    this.#file = file
    for (const record of loaded.records) this.#make(record.collector).restore(record)
    if (loaded.torn > 0) logger.warn('the end of the state file was not whole and is cut off: what a kill left behind, or damage', { file: path, bytes: loaded.torn })
  }

  close (): void { this.#file?.close() }

  /** By id. */
  get remotes (): readonly RemoteCollector[] { return [...this.#known.values()].map(c => c.remote).sort((a, b) => a.id < b.id ? -1 : 1) }

  /** The collector of that name; undefined when there is no place for one more. */
  find (name: string): Collector | undefined {
    if (!this.#known.has(name) && this.#known.size >= this.options.maxCollectors && !this.#forgetOne()) return undefined
    return this.#make(name)
  }

  #make (name: string): Collector {
    const collector = this.#known.get(name) ?? new Collector(name, { ...this.options, record: (progress, signal) => this.#record(progress, signal) })
    this.#known.delete(name)
    this.#known.set(name, collector)
    if (this.#known.size > this.options.maxCollectors) this.#forgetOne()
    return collector
  }

  /** The one that is away longest. */
  #forgetOne (): boolean {
    const away = [...this.#known.values()].find(c => c.supersede === undefined)
    if (away === undefined) return false
    this.options.logger.warn('a collector is forgotten to make room for another; raise max_collectors', { collector: away.name })
    return this.#known.delete(away.name)
  }

  /** Insists: while it cannot be written down nothing is acknowledged, and collectors wait. */
  async #record (progress: Progress, signal: AbortSignal): Promise<void> {
    const file = this.#file
    if (file === undefined) return
    const { clock } = this.options
    const done = await insist(() => this.#append(file, progress), { policy: { ...localRetryPolicy, maxElapsedMs: 0 }, clock, signal })
    if (done.status === 'gave_up') throw new Error(done.reason)
  }

  async #append (file: StateFile, progress: Progress): Promise<{ readonly status: 'done' } | { readonly status: 'retry', readonly reason: string }> {
    const { logger, metrics, status } = this.options
    try {
      await file.append(progress)
      if (file.isDue) this.#compact(file)
      if (this.#failing) status.ok()
      this.#failing = false
      return { status: 'done' }
    } catch (error) {
      const reason = `state_file ${file.path} cannot be written: ${(error as Error).message}`
      metrics.stateError()
      if (!this.#failing) logger.error('nothing is acknowledged until the state file can be written', { reason })
      this.#failing = true
      status.recoverableError(reason)
      return { status: 'retry', reason }
    }
  }

  /** What was appended is safe either way. */
  #compact (file: StateFile): void {
    try {
      file.compact([...this.#known.values()].map(c => c.progress))
    } catch (error) {
      this.options.logger.warn('the state file could not be written anew and grows on', { file: file.path, error: (error as Error).message })
    }
  }
}
