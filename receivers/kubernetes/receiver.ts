/**
 * Lists and watches what the configuration names, compares every object's new state with its last, and hands on what the
 * difference means:
 *
 *   ResourceWatch (one a resource and namespace) ──► Tracker ──► ChangeQueue ──► batches ──► pipeline
 *                        ▲ waits for room ◄──────────────────────────┘                        │
 *   Checkpoint: versions and states, once what was told before has been taken ◄───────────────┘
 */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import { wait } from '../../core/delivery/insist.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import { redeliver } from '../../core/delivery/redeliver.js'
import { accessOf } from '../../core/kubernetes/access-options.js'
import { ApiClient } from '../../core/kubernetes/api-client.js'
import { ChangeWriter } from '../../core/kubernetes/changes/index.js'
import type { WatchState } from '../../core/kubernetes/list-watch.js'
import type { KubeKind } from '../../core/kubernetes/watchable.js'
import { ChangeQueue, type Told } from './change-queue.js'
import { readCheckpoint, type WatchPicture } from './checkpoint.js'
import { Checkpointer } from './checkpointer.js'
import type { KubernetesConfig } from './config.js'
import { HeartbeatTracker } from './heartbeat-tracker.js'
import { Reports } from './reports.js'
import { SharedTexts } from './shared-texts.js'
import { Tracker, type TrackerContext } from './tracker.js'
import { planWatches, ResourceWatch, type WatchPlan } from './watches.js'

/** Silent nodes, checkpoints and gauges are looked at this often. */
const tickMs = 1000

interface Watched { readonly plan: WatchPlan, readonly tracker: Tracker, readonly watch: ResourceWatch }

@injectable()
export class KubernetesReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  readonly #ticks = new ReadLoop()
  readonly #queue: ChangeQueue
  #client: ApiClient | undefined
  #watched: readonly Watched[] = []
  #checkpointer: Checkpointer | undefined

  constructor (
    @inject(Tokens.config) readonly config: KubernetesConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports
  ) {
    this.#queue = new ChangeQueue(config.max_queue_size)
  }

  /** Never throws: without a cluster the other receivers go on. */
  async start (): Promise<void> {
    try {
      this.#client = new ApiClient(await accessOf(this.config, this.clock, this.reports.logger))
    } catch (error) {
      this.reports.impossible(error instanceof Error ? error.message : String(error))
      return
    }
    const client = this.#client
    const pictures = await this.#restored(client.access.server.href)
    this.#watched = this.#watches(client, pictures)
    this.#checkpointer = this.#newCheckpointer(client.access.server.href)
    for (const { watch } of this.#watched) watch.start()
    this.reports.watching(this.#watched.length, client.access.server.origin)
    const broken = (error: unknown): void => { this.reports.broken(error) }
    this.#loop.start(() => this.#deliverAll(), broken)
    this.#ticks.start(() => this.#tickAll(), broken)
  }

  /** Watches end first, so that what is then in the queue is all there is. */
  async stop (deadline: Deadline): Promise<void> {
    this.#queue.close()
    await Promise.all([this.#ticks.stop(deadline), ...this.#watched.map(w => w.watch.stop())])
    await this.#loop.stop(deadline)
    this.#giveUpRest()
    // What was not taken is no part of it, and is found again at the next start.
    if (this.#queue.settled === this.#queue.added && !this.#gaveUp) await this.#checkpointer?.close()
    this.#client?.close()
    this.#report()
    this.reports.end()
  }

  /** The pipeline did not take something before the end: the checkpoint before it is the one that counts. */
  #gaveUp = false

  async #restored (server: string): Promise<ReadonlyMap<string, WatchPicture>> {
    const { checkpoint: { enabled, file } } = this.config
    if (!enabled) return new Map()
    const read = await readCheckpoint(file, server)
    if (read.status === 'useless') this.reports.noCheckpoint(file, read.reason)
    if (read.status !== 'read') return new Map()
    this.reports.restored(read.watches.size, file)
    return read.watches
  }

  #watches (client: ApiClient, pictures: ReadonlyMap<string, WatchPicture>): readonly Watched[] {
    const texts = new SharedTexts()
    const context: TrackerContext = {
      config: this.config, clock: this.clock, queue: this.#queue, total: { held: 0 },
      share: text => texts.share(text),
      notHeld: kind => { this.reports.notHeld(kind) },
      malformed: (kind, error) => { this.reports.malformed(kind, error) }
    }
    return planWatches(this.config).map(plan => {
      const tracker = plan.kind === 'Lease' ? new HeartbeatTracker(context, this.config.heartbeat_grace) : new Tracker(plan.kind, context)
      const picture = pictures.get(plan.id)
      if (picture !== undefined) tracker.restore(picture.states)
      const onState = (p: WatchPlan, state: WatchState): void => {
        this.reports.state(p, state)
        if (tracker instanceof HeartbeatTracker && state.state === 'watching') tracker.listening()
      }
      // Whoever keeps a picture of the cluster from our events has lost it with the restart: only a list tells of what did not change.
      const version = tracker.tellsAll ? '' : picture?.version ?? ''
      return { plan, tracker, watch: new ResourceWatch(plan, { client, clock: this.clock, onState }, tracker, version) }
    })
  }

  #newCheckpointer (server: string): Checkpointer | undefined {
    const { checkpoint: { enabled, file, interval: intervalMs } } = this.config
    if (!enabled) return undefined
    return new Checkpointer({
      file, intervalMs, server, clock: this.clock, queue: this.#queue,
      picture: () => {
        const watches = this.#watched.filter(w => w.tracker.known).map(({ plan, tracker, watch }) => ({ watch: plan.id, version: watch.version, states: tracker.states() }))
        return watches.length === 0 ? undefined : watches
      },
      written: error => { this.reports.checkpoint(file, error) }
    })
  }

  async #deliverAll (): Promise<void> {
    const { stopping, over } = this.#loop
    while (!over.aborted) {
      await this.#queue.arrival(stopping)
      if (this.#queue.length === 0) break
      await this.#deliver(this.#queue.take(this.config.max_batch_rows))
    }
  }

  async #deliver (told: readonly Told[]): Promise<void> {
    const writer = new ChangeWriter({ source: 'kubernetes' })
    for (const { change, object } of told) writer.add(change, object)
    const policy = { ...localRetryPolicy, maxElapsedMs: 0 }
    const outcome = await redeliver(this.next, writer.finish(this.clock.unixNano()), { policy, clock: this.clock, signal: this.#loop.over })
    if (outcome.status === 'refused' && outcome.reason === 'shutdown') this.#gaveUp = true
    this.#queue.settled += told.length
    this.reports.delivered(told.length, outcome)
  }

  #giveUpRest (): void {
    const left = this.#queue.take(Infinity).length
    if (left === 0) return
    this.#gaveUp = true
    this.reports.delivered(left, { status: 'refused', reason: 'shutdown' })
  }

  async #tickAll (): Promise<void> {
    while (await wait(tickMs, this.clock, this.#ticks.stopping)) {
      for (const { tracker } of this.#watched) if (tracker instanceof HeartbeatTracker) tracker.tell()
      this.#checkpointer?.tick()
      this.#report()
    }
  }

  #report (): void {
    this.reports.queued(this.#queue.length)
    const held = new Map<KubeKind, number>()
    for (const { plan, tracker, watch } of this.#watched) {
      held.set(plan.kind, (held.get(plan.kind) ?? 0) + tracker.size)
      this.reports.counts(plan, watch.counts)
    }
    for (const [kind, objects] of held) this.reports.held(kind, objects)
  }
}
