/** The receiver of a replay: what a command found in files goes into the pipeline that runs for it, and its answers are noted. */
import { Options } from '../config/schema.js'
import type { Clock } from '../component/clock.js'
import type { Consumer, Deadline, Host, Receiver } from '../component/component.js'
import { defineComponent, type ComponentFactory } from '../component/factory.js'
import { token, type Services } from '../component/services.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import { wait } from '../delivery/insist.js'
import { ReadLoop } from '../delivery/read-loop.js'
import { redeliver } from '../delivery/redeliver.js'
import type { Choice } from './choice.js'
import type { Claimed } from './claim.js'
import { FileReplay, type FoundBatch, type WhenDelivered } from './file-replay.js'
import { readFound } from './read.js'
import type { ReplayReport } from './report.js'
import { Rest } from './rest.js'

export interface ReplayTask {
  readonly places: readonly Claimed[]
  readonly choice: Choice
  /** What was delivered before, too. */
  readonly again: boolean
  /** Rows a second; undefined: as fast as they are taken. */
  readonly rate: number | undefined
  readonly whenDelivered: WhenDelivered
  readonly report: ReplayReport
  /** Rows delivered so far. */
  readonly onProgress: (rows: number) => void
}

export const taskToken = token<ReplayTask>('replay.task')

/** Batches under way at once. */
const lanes = 8
const gaveUp = 'retries exhausted'

/** A catalog of its own, beside that of the build: no configuration can name what needs a command to run it. */
export const components: readonly ComponentFactory[] = [defineComponent({
  kind: 'receiver', type: 'replay', description: 'Sends what `tapio replay` found in files.', stability: 'stable', signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema: Options({}), concurrency: 'single', metrics: [], drops: {},
  create: services => new ReplayReceiver(services)
})]

class ReplayReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  readonly #task: ReplayTask
  readonly #clock: Clock
  readonly #next: Consumer
  readonly #underWay = new Set<Promise<void>>()
  #dueMs = 0

  constructor (services: Services) {
    this.#task = services.get(taskToken)
    this.#clock = services.get('clock')
    this.#next = services.get('next')
  }

  start (host: Host): void {
    this.#loop.start(async () => {
      try {
        await this.#run()
        host.finish('the replay has ended')
      } catch (error) {
        await Promise.all(this.#underWay)
        host.fail(error as Error)
      }
    }, () => undefined)
  }

  /** Reading ends at once; what is under way may be answered until the deadline. */
  stop (deadline: Deadline): Promise<void> { return this.#loop.stop(deadline) }

  get #isOver (): boolean { return this.#loop.stopping.aborted || this.#task.report.gaveUp !== '' }

  async #run (): Promise<void> {
    for (const place of this.#task.places) {
      const rest = new Rest(place.directory, this.#clock)
      try {
        for (const file of place.files) await this.#replay(file, place, rest)
      } finally {
        await rest.close()
      }
    }
    this.#task.report.interrupted = this.#loop.stopping.aborted
  }

  async #replay (path: string, place: Claimed, rest: Rest): Promise<void> {
    const { report, whenDelivered } = this.#task
    if (this.#isOver) return
    const file = await FileReplay.open(path, place, rest, report)
    if (file === undefined) return
    let isWhole = false
    try {
      isWhole = await this.#readAll(file)
    } finally {
      await Promise.all(this.#underWay)
      await file.close(isWhole, whenDelivered)
    }
  }

  /** False: it was ended before its time. */
  async #readAll (file: FileReplay): Promise<boolean> {
    const { choice, again } = this.#task
    const stop = new AbortController()
    try {
      for await (const found of readFound(file.file, offset => !again && file.notes.has(offset), stop.signal)) {
        if (this.#isOver) return false
        if (found.kind === 'damage') { file.damaged(found); continue }
        const mask = choice.rows(found.batch, found.letter)
        // Beside a process that delivers its queue, only what is dead is anybody else's.
        if (mask === undefined || (isShared(file) && found.letter === undefined)) { file.leave(found); continue }
        const sent = mask === 'all' ? found.batch : found.batch.filter(mask)
        if (!await this.#turn(sent.count)) return false
        this.#track(this.#send(file, found, mask, sent))
      }
      return true
    } finally {
      stop.abort()
    }
  }

  /** Waits for a lane, and for the time that `rate` gives. False: it is over. */
  async #turn (rows: number): Promise<boolean> {
    while (this.#underWay.size >= lanes) await Promise.race(this.#underWay)
    const { rate } = this.#task
    if (rate === undefined) return !this.#isOver
    const nowMs = this.#clock.monotonicMs()
    this.#dueMs = Math.max(this.#dueMs, nowMs)
    const waitMs = this.#dueMs - nowMs
    this.#dueMs += rows / rate * 1000
    if (waitMs > 0) await wait(waitMs, this.#clock, this.#loop.stopping)
    return !this.#isOver
  }

  #track (work: Promise<void>): void {
    const tracked = work.finally(() => { this.#underWay.delete(tracked) })
    this.#underWay.add(tracked)
  }

  async #send (file: FileReplay, found: FoundBatch, mask: Uint8Array | 'all', sent: FoundBatch['batch']): Promise<void> {
    const { report, onProgress } = this.#task
    const outcome = await redeliver(this.#next, sent, { policy: localRetryPolicy, clock: this.#clock, signal: this.#loop.over })
    if (outcome.status === 'refused' || (outcome.status === 'rejected' && outcome.reason.startsWith(gaveUp))) {
      // Nobody is there: the others would only wait as long.
      if (report.gaveUp === '') report.gaveUp = outcome.reason === 'shutdown' ? 'it was ended' : outcome.reason
      return
    }
    await file.settle(found, mask, outcome, sent)
    onProgress(report.delivered)
  }
}

const isShared = ({ place: { isQueue, isOurs } }: FileReplay): boolean => isQueue && !isOurs
