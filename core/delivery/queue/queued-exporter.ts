/**
 * An exporter behind a queue: senders are answered when a batch is queued, `num_consumers` deliver behind. A batch leaves the queue when
 * its fate is known: delivered, rejected for good (dead letters), or given up. When the process ends first it is in the queue still:
 * on disk the next life delivers it.
 */
import type { AnyComponent, Component, Consumer, Deadline, Host } from '../../component/component.js'
import type { Answerer } from '../../component/questions.js'
import { accepted, refused, rejected, retry, type Outcome } from '../../component/outcome.js'
import type { Services } from '../../component/services.js'
import type { EventBatch } from '../../data/batch.js'
import { Severity } from '../../data/enums.js'
import { aborted } from '../in-flight.js'
import { collectorRetryPolicy, type RetryPolicy } from '../backoff.js'
import { redeliver } from '../redeliver.js'
import { retryPolicyOf, type RetryOnFailure } from '../retry-on-failure.js'
import { DiskQueue } from './disk-queue.js'
import { MemoryQueue } from './memory-queue.js'
import { damagedBytes, deadLetters, queueCapacity, queuedBatches, queuedBytes, rowsInMemory, spilledRows, type DeadLetterConfig, type SendingQueueConfig } from './options.js'
import type { BatchQueue, Taken } from './queue.js'
import { QueueHealth } from './queue-health.js'
import { SpillingQueue } from './spilling-queue.js'

export interface QueuedConfig { readonly sending_queue: SendingQueueConfig, readonly dead_letter: DeadLetterConfig, readonly retry_on_failure?: RetryOnFailure }

const fullRetryAfterMs = 200
const failedRetryAfterMs = 1000
/** What spilled is on disk to be out of memory. */
const maxSpilledCachedBytes = 0
/** Batches put lately, given out without reading them again. */
const maxCachedBytes = 16 << 20

export class QueuedExporter implements Component, Consumer {
  readonly #config: QueuedConfig
  readonly #policy: RetryPolicy
  readonly #abort = new AbortController()
  readonly #consumers: Promise<void>[] = []
  #queue: BatchQueue | undefined
  #dead: DiskQueue | undefined
  readonly #health: QueueHealth
  #draining = false
  #underWay = 0
  #idle: () => void = () => undefined

  constructor (readonly inner: AnyComponent & Consumer, readonly services: Services) {
    this.#config = services.get('config') as QueuedConfig
    const policy = (this.#config.retry_on_failure === undefined ? undefined : retryPolicyOf(this.#config.retry_on_failure)) ?? collectorRetryPolicy
    const { directory, spill_directory: spillDirectory } = this.#config.sending_queue
    // With a disk it can wait: its age is the queue's business.
    this.#policy = directory === undefined && spillDirectory === undefined ? policy : { ...policy, maxElapsedMs: 0 }
    this.#health = new QueueHealth(services.get('status'), services.get('logger'), services.get('clock'))
    services.get('meter').gauge(queueCapacity).set(this.#config.sending_queue.max_size)
  }

  /** Questions are the exporter's own. */
  get answer (): Answerer { return this.inner.answer as Answerer }

  async start (host: Host): Promise<void> {
    this.#queue = await this.#open()
    const { directory, max_size: maxBytes } = this.#config.dead_letter
    if (directory !== undefined) this.#dead = await this.#openDisk(directory, { maxBytes, maxAgeMs: 0, whenFull: 'drop_oldest', fsync: 'interval', fsyncIntervalMs: 1000, dropReason: () => undefined, maxCachedBytes: 0 })
    try {
      await this.inner.start?.(host)
    } catch (error) {
      await this.#close()
      throw error
    }
    for (let i = 0; i < this.#config.sending_queue.num_consumers; i++) this.#consumers.push(this.#consume(this.#queue))
    this.#measure()
  }

  async consume (batch: EventBatch): Promise<Outcome> {
    if (this.#draining || this.#queue === undefined) return refused('shutting down')
    if (batch.count === 0) return accepted
    const result = await this.#queue.put(batch)
    this.#measure(result.status === 'full' || result.status === 'dropped')
    switch (result.status) {
      case 'queued': this.#health.works(); return accepted
      case 'dropped': return accepted
      case 'full': return retry('the sending queue is full', fullRetryAfterMs)
      case 'failed': return this.#unwritable(batch, result.reason)
    }
  }

  /** Delivers what waits until the deadline. What then is left stays on disk, or is lost and counted. */
  async stop (deadline: Deadline): Promise<void> {
    this.#draining = true
    if (this.#queue !== undefined) {
      const over = aborted(deadline.signal)
      await Promise.race([this.#emptied(), over.promise])
      over.cancel()
    }
    this.#abort.abort()
    this.#health.stop()
    await this.inner.stop?.(deadline)
    // The exporter has answered for all it had: what was under way is done or waits again.
    while (this.#underWay > 0) await new Promise<void>(resolve => { this.#idle = resolve })
    await this.#close()
  }

  async #open (): Promise<BatchQueue> {
    const { directory, max_size: maxBytes, max_age: maxAgeMs, when_full: whenFull, fsync, fsync_interval: fsyncIntervalMs } = this.#config.sending_queue
    const drops = this.services.get('drops')
    const dropReason = (reason: string, rows: number): void => { drops.add(`queue_${reason}`, rows) }
    if (directory === undefined) return this.#openMemory(dropReason)
    return this.#openDisk(directory, { maxBytes, maxAgeMs, whenFull, fsync, fsyncIntervalMs, dropReason, maxCachedBytes })
  }

  async #openMemory (dropReason: (reason: string, rows: number) => void): Promise<BatchQueue> {
    const { spill_directory: directory, spill_max_size: maxSpilled, priority_severity: priority, max_size: maxBytes, max_age: maxAgeMs, when_full: whenFull } = this.#config.sending_queue
    const [clock, pressure] = [this.services.get('clock'), this.services.get('pressure')]
    const inMemory = { maxBytes, maxAgeMs, severeFrom: priority === 'none' ? 0 : Severity[priority], clock, onDrop: dropReason }
    if (directory === undefined) return new MemoryQueue({ ...inMemory, whenFull })
    const disk = await this.#openDisk(directory, { maxBytes: maxSpilled, maxAgeMs, whenFull, fsync: 'never', fsyncIntervalMs: 0, dropReason, maxCachedBytes: maxSpilledCachedBytes })
    const spilled = this.services.get('meter').counter(spilledRows)
    return new SpillingQueue({ memory: new MemoryQueue({ ...inMemory, whenFull: 'refuse' }), disk, pressure, clock, onSpill: rows => { spilled.add(rows) } })
  }

  #openDisk (directory: string, { dropReason, ...options }: Pick<ConstructorParameters<typeof MemoryQueue>[0], 'maxBytes' | 'maxAgeMs' | 'whenFull'> & { readonly fsync: SendingQueueConfig['fsync'], readonly fsyncIntervalMs: number, readonly maxCachedBytes: number, readonly dropReason: (reason: string, rows: number) => void }): Promise<DiskQueue> {
    const logger = this.services.get('logger')
    const damaged = this.services.get('meter').counter(damagedBytes)
    return DiskQueue.open({
      directory, ...options, pressure: this.services.get('pressure'), clock: this.services.get('clock'), onDrop: dropReason,
      onDamage: (file, offset, bytes, reason) => {
        damaged.add(bytes)
        logger.warn('a part of a queue on disk cannot be read and is left out', { file, offset, bytes, reason })
      }
    })
  }

  async #consume (queue: BatchQueue): Promise<void> {
    for (let taken = await queue.take(); taken !== undefined; taken = await queue.take()) {
      this.#underWay++
      await this.#deliver(taken)
      this.#underWay--
      this.#measure()
      if (this.#underWay === 0 && (queue.waiting === 0 || this.#abort.signal.aborted)) this.#idle()
      if (this.#abort.signal.aborted) return
    }
  }

  async #deliver (taken: Taken): Promise<void> {
    const { batch } = taken
    if (this.#abort.signal.aborted) { taken.putBack(); return }
    const { policy, whenOver } = this.#patience(taken)
    const outcome = await redeliver(this.#insistent, batch, { policy, clock: this.services.get('clock'), signal: this.#abort.signal })
    if (outcome.status === 'accepted') { taken.done(); return }
    if (outcome.status === 'rejected') {
      await this.#reject(batch, outcome.rows, outcome.count, outcome.reason)
      taken.done()
    } else if (outcome.reason.startsWith('retries exhausted')) {
      this.services.get('drops').add(whenOver, batch.count)
      taken.done()
    } else taken.putBack()
  }

  /** Nobody is left to hand a batch back to: what the exporter refuses while it runs is tried again as well. */
  readonly #insistent: Consumer = {
    consume: async batch => {
      try {
        const outcome = await this.inner.consume(batch)
        return outcome.status === 'refused' && !this.#abort.signal.aborted ? retry(outcome.reason) : outcome
      } catch (error) {
        // As at an edge: it would most likely throw again.
        this.services.get('logger').error('an exporter threw while it was given a batch', { rows: batch.count, error })
        return rejected('internal error in the exporter', batch.count)
      }
    }
  }

  /** Until when one batch is tried: neither longer than the policy says nor than the batch may be old. */
  #patience ({ atMs }: Taken): { readonly policy: RetryPolicy, readonly whenOver: 'retries_exhausted' | 'queue_expired' } {
    const { max_age: maxAgeMs } = this.#config.sending_queue
    const { maxElapsedMs } = this.#policy
    if (maxAgeMs === 0) return { policy: this.#policy, whenOver: 'retries_exhausted' }
    const leftMs = Math.max(1, atMs + maxAgeMs - this.services.get('clock').monotonicMs())
    if (maxElapsedMs > 0 && maxElapsedMs < leftMs) return { policy: this.#policy, whenOver: 'retries_exhausted' }
    return { policy: { ...this.#policy, maxElapsedMs: leftMs }, whenOver: 'queue_expired' }
  }

  /** Who chose that others never wait for this queue does not wait for its disk either. */
  #unwritable (batch: EventBatch, reason: string): Outcome {
    if (this.#draining) return refused('shutting down')
    this.#health.failed(reason)
    if (this.#config.sending_queue.when_full === 'refuse') return retry(`the sending queue cannot take more: ${reason}`, failedRetryAfterMs)
    this.services.get('drops').add('queue_unwritable', batch.count)
    return accepted
  }

  /** What the other side will never take: kept as dead letters when they are wanted. */
  async #reject (batch: EventBatch, rows: Uint32Array | undefined, count: number, reason: string): Promise<void> {
    const lost = Math.min(count, batch.count)
    this.services.get('drops').add('rejected', lost)
    this.#health.rejected(this.#dead !== undefined)
    this.services.get('logger').warn('rows were rejected for good after their sender had been answered', { rows: lost, reason, kept: this.#dead !== undefined })
    if (this.#dead === undefined) return
    // Which rows they were is not always known: then all of the batch are kept.
    const letters = rows === undefined ? batch : only(batch, rows)
    const atMs = this.services.get('clock').unixMs()
    const result = await this.#dead.put(letters, { reason, atMs, exporter: this.services.get('id').text, rejected: lost })
    if (result.status === 'queued') this.services.get('meter').counter(deadLetters).add(letters.count)
    else this.services.get('logger').error('dead letters cannot be kept', { directory: this.#dead.options.directory, reason: result.status === 'failed' ? result.reason : 'they are larger than `dead_letter.max_size`' })
  }

  #emptied (): Promise<void> {
    if (this.#underWay === 0 && (this.#queue?.waiting ?? 0) === 0) return Promise.resolve()
    return new Promise(resolve => { this.#idle = resolve })
  }

  async #close (): Promise<void> {
    const lost = await this.#queue?.close() ?? 0
    if (lost > 0) this.services.get('drops').add('shutdown', lost)
    await Promise.all(this.#consumers)
    await this.#dead?.close()
    this.#queue = undefined
  }

  #measure (full = false): void {
    const meter = this.services.get('meter')
    if (this.#queue === undefined) return
    const { bytes, waiting, underWay, rowsInMemory: rows } = this.#queue
    meter.gauge(queuedBatches).set(waiting + underWay)
    meter.gauge(queuedBytes).set(bytes)
    meter.gauge(rowsInMemory).set(rows)
    this.#health.size(bytes, this.#config.sending_queue.max_size, full)
  }
}

function only (batch: EventBatch, rows: Uint32Array): EventBatch {
  const keep = new Uint8Array(batch.count)
  for (const row of rows) keep[row] = 1
  return batch.filter(keep)
}
