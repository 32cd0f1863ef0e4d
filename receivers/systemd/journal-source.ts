/**
 * Follows the journal: chunk of lines -> entries -> one batch -> the pipeline, then the position moves on. One batch is on its
 * way at a time. What was not delivered is read again by the next Tapio.
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
import { factId } from './event-id.js'
import { Globs } from './globs.js'
import { parseEntry, type JournalEntry } from './journal-entry.js'
import { JournalEvents, type JournalEvent } from './journal-events.js'
import { gapBetween } from './journal-gap.js'
import { follow, lastEntry, type JournalStart } from './journal-process.js'
import { settleKills } from './oom-twins.js'
import { factKey } from './pairs.js'
import type { Piece, Progress } from './progress.js'
import type { Reports } from './reports.js'

export interface JournalContext {
  readonly config: SystemdConfig
  readonly clock: Clock
  readonly reports: Reports
  readonly progress: Progress
  readonly stopping: AbortSignal
  /** False: not taken, because the time is over. */
  deliver(batch: EventBatch): Promise<boolean>
  /** Writes the position down now. */
  save(): Promise<void>
}

interface Read { readonly entry: JournalEntry, readonly told: JournalEvent }

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
  /** Behind what was read last. */
  #cursor: string | undefined
  /** The entry that a reader should give first: it was read already. */
  #known: string | undefined

  constructor (readonly context: JournalContext) {
    const { config, clock, progress } = context
    this.#cursor = progress.cursor
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
    this.#known = 'from' in start ? start.from : undefined
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
    if (this.#cursor !== undefined) return { from: this.#cursor }
    if (journal.start_at === 'beginning') return { at: 'beginning' }
    const { line, end } = await lastEntry(journal, stopping, journal.max_entry_size)
    if (end.missing || end.reason !== '') return end
    const last = parseEntry(line)
    // An empty journal: all that will come is new.
    if (last === undefined) return { at: 'beginning' }
    this.context.progress.begin().done(last.cursor)
    this.#cursor = last.cursor
    await this.context.save()
    return { from: last.cursor }
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
    this.#passKnown(found)
    const last = found.at(-1)
    if (last === undefined) return
    reports.entries.add(found.length)
    const read = await this.#read(found)
    const piece = this.context.progress.begin()
    const events = this.#wanted(read, piece)
    if (events.length > 0) {
      const builder = new BatchBuilder(events.length)
      const observed = this.context.clock.unixNano()
      for (const event of events) builder.append({ ...event, observedTimeUnixNano: observed })
      if (!await this.context.deliver(builder.finish())) { this.#gaveUp = true; return }
    }
    this.#cursor = last.cursor
    piece.done(last.cursor)
  }

  /** Takes the entry away that was read before; says so when it is not there any more. */
  #passKnown (found: JournalEntry[]): void {
    const [first] = found
    if (this.#known === undefined || first === undefined) return
    const gap = gapBetween(this.#known, first.cursor)
    if (gap !== undefined) this.context.reports.missed(gap.entries)
    if (first.cursor === this.#known) found.shift()
    this.#known = undefined
  }

  async #read (entries: readonly JournalEntry[]): Promise<readonly Read[]> {
    const read = entries.map(entry => ({ entry, told: this.#events.read(entry) }))
    await settleKills(read.flatMap(({ told }) => told.kind === 'oom' ? [told.event] : []), oomKills, this.context.clock, this.context.stopping)
    return read
  }

  #wanted (read: readonly Read[], piece: Piece): EventInput[] {
    const { reports } = this.context
    const dropped = { filtered: 0, rate_limited: 0, duplicate: 0 }
    const events: EventInput[] = []
    for (const { entry, told } of read) {
      const fate = this.#fate(entry, told, piece)
      if (typeof fate === 'string') dropped[fate]++
      else events.push(fate)
    }
    for (const reason of ['filtered', 'rate_limited', 'duplicate'] as const) reports.dropped(reason, dropped[reason])
    return events
  }

  /** The event to tell, or why there is none. */
  #fate (entry: JournalEntry, { kind, event, fact }: JournalEvent, piece: Piece): EventInput | 'filtered' | 'rate_limited' | 'duplicate' {
    if (kind === 'kernel') return event
    if (kind === 'oom') return oomKills.has(event.pid ?? 0, Number((event.timeUnixNano ?? 0n) / 1_000_000n)) ? 'duplicate' : event
    if (kind === 'unit' && this.#reports(event.entityName ?? '')) return fact === undefined ? event : this.#twin(event, fact, piece)
    if (!this.#filter.passes(entry)) return 'filtered'
    return (this.#limit?.tryTake(this.context.clock.monotonicMs()) ?? true) ? event : 'rate_limited'
  }

  /** What the bus tells too. */
  #twin (event: EventInput, { unit, invocation, fact }: NonNullable<JournalEvent['fact']>, piece: Piece): EventInput | 'duplicate' {
    const time = piece.first(factKey(unit, invocation, fact), 'journal')
    if (time === 0) return 'duplicate'
    const id = factId(unit, invocation, fact, time)
    return id === undefined ? event : { ...event, id }
  }

  #reports (unit: string): boolean { return this.#units.fit(unit) && !this.#notUnits.fit(unit) }
}
