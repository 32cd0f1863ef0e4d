/**
 * Follows the journal: chunk of lines -> entries -> one batch -> the pipeline, then the position moves on. One batch is on its
 * way at a time. What was not delivered is read again, by the next journalctl or the next Tapio.
 */
import type { Clock } from '../../core/component/clock.js'
import { Backoff, type RetryPolicy } from '../../core/delivery/backoff.js'
import { wait } from '../../core/delivery/insist.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import type { EventBatch } from '../../core/data/batch.js'
import { oomKills } from '../../core/identity/oom-kills.js'
import { ofOneSecond, type TokenBucket } from '../../core/recovery/token-bucket.js'
import type { SystemdConfig } from './config.js'
import { EntryFilter } from './entry-filter.js'
import { EntryLines } from './entry-lines.js'
import { Globs } from './globs.js'
import { parseEntry, type JournalEntry } from './journal-entry.js'
import { JournalEvents, type JournalEvent } from './journal-events.js'
import { follow, lastEntry, type JournalStart } from './journal-process.js'
import { settleKills } from './oom-twins.js'
import { factKey, type Pairs } from './pairs.js'
import type { Reports } from './reports.js'

export interface JournalContext {
  readonly config: SystemdConfig
  readonly clock: Clock
  readonly reports: Reports
  readonly pairs: Pairs
  readonly stopping: AbortSignal
  /** False: not taken, because the time is over. */
  deliver(batch: EventBatch): Promise<boolean>
  /** The position moved on. */
  moved(cursor: string): Promise<void>
}

const restartPolicy: RetryPolicy = { initialMs: 250, maxMs: 30_000, multiplier: 2, jitter: 0.25, maxElapsedMs: 0 }
/** A journalctl that ran this long worked: its end begins a new row of tries. */
const healthyMs = 60_000

export class JournalSource {
  readonly #filter: EntryFilter
  readonly #units: Globs
  readonly #notUnits: Globs
  /** Undefined: no limit. */
  readonly #limit: TokenBucket | undefined
  readonly #events: JournalEvents
  /** A batch was not taken: what comes after it must not move the position past it. */
  #gaveUp = false

  constructor (readonly context: JournalContext, public cursor: string | undefined) {
    const { config, clock } = context
    this.#filter = new EntryFilter(config.journal)
    this.#units = new Globs(config.units)
    this.#notUnits = new Globs(config.exclude_units)
    this.#limit = config.journal.rate_limit === 0 ? undefined : ofOneSecond(config.journal.rate_limit, clock.monotonicMs())
    this.#events = new JournalEvents({ kernel: config.kernel, maxMessageLength: config.journal.max_message_size })
  }

  /** Until the stop. */
  async run (): Promise<void> {
    const { config: { journal }, clock, reports, stopping } = this.context
    let backoff = new Backoff(restartPolicy)
    while (!stopping.aborted) {
      const startedMs = clock.monotonicMs()
      const end = await this.#once()
      if (stopping.aborted) return
      if (end.missing) { reports.broken('journal', `${journal.command} cannot be started (${end.reason}): install the package systemd, or set journal.command or journal.enabled: false`); return }
      if (clock.monotonicMs() - startedMs > healthyMs) backoff = new Backoff(restartPolicy)
      const nextMs = backoff.next()
      reports.failing('journal', end.reason === '' ? `${journal.command} ended` : end.reason, nextMs)
      if (!await wait(nextMs, clock, stopping)) return
    }
  }

  async #once (): Promise<{ readonly missing: boolean, readonly reason: string }> {
    const { config: { journal }, reports, stopping } = this.context
    const start = await this.#start()
    if ('reason' in start) return start
    const lines = new EntryLines(journal.max_entry_size, () => { reports.badEntry('too_large') })
    reports.readers.add(1)
    return follow(journal, start, stopping, {
      started: () => { reports.works('journal', { directory: journal.directory === '' ? 'the machine\'s' : journal.directory }) },
      take: chunk => this.#take(lines.push(chunk))
    })
  }

  /** Where to begin. The end is looked up first and kept: what is written from now on is never missed, restart or not. */
  async #start (): Promise<JournalStart | { readonly missing: boolean, readonly reason: string }> {
    const { config: { journal }, stopping } = this.context
    if (this.cursor !== undefined) return { after: this.cursor }
    if (journal.start_at === 'beginning') return { at: 'beginning' }
    const { line, end } = await lastEntry(journal, stopping, journal.max_entry_size)
    if (end.missing || end.reason !== '') return end
    const last = parseEntry(line)
    // An empty journal: all that will come is new.
    if (last === undefined) return { at: 'beginning' }
    await this.#move(last.cursor)
    return { after: last.cursor }
  }

  async #move (cursor: string): Promise<void> {
    this.cursor = cursor
    await this.context.moved(cursor)
  }

  async #take (lines: readonly string[]): Promise<void> {
    if (this.#gaveUp) return
    const { reports } = this.context
    const found: JournalEntry[] = []
    for (const line of lines) {
      const entry = parseEntry(line)
      if (entry === undefined) reports.badEntry('malformed')
      else found.push(entry)
    }
    const last = found.at(-1)
    if (last === undefined) return
    reports.entries.add(found.length)
    const events = await this.#wanted(found)
    if (events.length > 0) {
      const builder = new BatchBuilder(events.length)
      const observed = this.context.clock.unixNano()
      for (const event of events) builder.append({ ...event, observedTimeUnixNano: observed })
      if (!await this.context.deliver(builder.finish())) { this.#gaveUp = true; return }
    }
    await this.#move(last.cursor)
  }

  async #wanted (entries: readonly JournalEntry[]): Promise<EventInput[]> {
    const { reports, clock, stopping } = this.context
    const dropped = { filtered: 0, rate_limited: 0, duplicate: 0 }
    const read = entries.map(entry => ({ entry, told: this.#events.read(entry) }))
    await settleKills(read.flatMap(({ told }) => told.kind === 'oom' ? [told.event] : []), oomKills, clock, stopping)
    const events: EventInput[] = []
    for (const { entry, told } of read) {
      const fate = this.#fate(entry, told)
      if (fate === 'wanted') events.push(told.event)
      else dropped[fate]++
    }
    for (const reason of ['filtered', 'rate_limited', 'duplicate'] as const) reports.dropped(reason, dropped[reason])
    return events
  }

  #fate (entry: JournalEntry, { kind, event, fact }: JournalEvent): 'wanted' | 'filtered' | 'rate_limited' | 'duplicate' {
    if (kind === 'kernel') return 'wanted'
    if (kind === 'oom') return oomKills.has(event.pid ?? 0, Number((event.timeUnixNano ?? 0n) / 1_000_000n)) ? 'duplicate' : 'wanted'
    if (kind === 'unit' && this.#reports(event.entityName ?? '')) {
      return fact === undefined || this.context.pairs.first(factKey(fact.unit, fact.invocation, fact.fact), 'journal') ? 'wanted' : 'duplicate'
    }
    if (!this.#filter.passes(entry)) return 'filtered'
    return this.#limit?.tryTake(this.context.clock.monotonicMs()) ?? true ? 'wanted' : 'rate_limited'
  }

  #reports (unit: string): boolean { return this.#units.fit(unit) && !this.#notUnits.fit(unit) }
}
