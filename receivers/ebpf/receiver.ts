/**
 * Drains the kernel's ring on a timer and hands its records on as events. One batch is on its way at a time: a pipeline that
 * is full stops the draining, the ring fills, and the kernel counts what no longer fits.
 */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import { EventIds } from '../../core/data/ids.js'
import { wait } from '../../core/delivery/insist.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import { Identities } from '../../core/identity/identities.js'
import { oomKills } from '../../core/identity/oom-kills.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import { asDrained, KernelSession, sweepReclaims, sweepSyscalls, type Drained, type RecordName } from '../../native/index.js'
import type { EbpfConfig } from './config.js'
import { EventWriter } from './event-writer.js'
import { kernelOptions, type KernelOptions } from './kernel-options.js'
import { KernelOwners } from './owners.js'
import { RawPath } from './raw-path.js'
import { Reports } from './reports.js'
import { unknownOwners, type Whose } from './whose.js'

/** While nothing happens the pauses grow to this many poll intervals: an idle machine is woken up 20 times a second. */
const idleFactor = 5

@injectable()
export class EbpfReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  readonly #ids = new EventIds()
  #session: KernelSession | undefined
  #identities: Identities | undefined
  /** Who is behind a record. */
  #whose: Whose = unknownOwners
  #raw: RawPath | undefined
  #sweptMs = 0
  #unwatch = (): void => undefined

  constructor (
    @inject(Tokens.config) readonly config: EbpfConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.pressure) readonly pressure: Pressure,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** Never throws: a machine whose kernel cannot be watched may still have other receivers. */
  async start (): Promise<void> {
    const options = this.kernelOptions()
    const session = KernelSession.open(options)
    if ('unavailable' in session) { this.reports.unavailable(session.unavailable); return }
    this.#session = session
    this.#sweptMs = this.clock.monotonicMs()
    await this.#open()
    this.reports.started(session, options.warnings)
    if (this.config.programs.includes('memory')) this.#unwatch = oomKills.watch()
    this.#loop.start(() => this.#run(session), error => { this.reports.broken(error) })
  }

  /** A bench adds a program of its own. */
  protected kernelOptions (): KernelOptions { return kernelOptions(this.config) }

  async stop (deadline: Deadline): Promise<void> {
    this.#unwatch()
    await this.#loop.stop(deadline)
    if (this.#session !== undefined) this.reports.kernelCounters(this.#session)
    this.#session?.close()
    this.#session = undefined
    await Promise.all([this.#identities?.stop(), this.#raw?.close()])
    this.#count()
    this.reports.end()
  }

  /** After the hooks: cgroups that come and go while the walk runs wait in the ring. */
  async #open (): Promise<void> {
    const { identity, raw_store: raw } = this.config
    this.#identities = new Identities({ clock: this.clock, root: identity.root, maxCgroups: identity.max_cgroups, keepRemovedMs: identity.keep_removed, maxProcesses: identity.max_processes, rescanMs: identity.rescan_interval })
    this.#whose = new KernelOwners(this.#identities)
    await this.#identities.start()
    if (!raw.enabled) return
    try {
      this.#raw = await RawPath.open(this.config, this.clock, error => { this.reports.rawError(error) })
    } catch (error) {
      this.reports.noRawStore(raw.directory, error as Error)
    }
  }

  #count (): void {
    if (this.#identities !== undefined) this.reports.identities(this.#identities.counts)
    if (this.#raw !== undefined) this.reports.raw(this.#raw.counts)
  }

  async #run (session: KernelSession): Promise<void> {
    const { poll_interval: pollMs, sweep_interval: sweepMs } = this.config
    let pauseMs = pollMs
    while (!this.#loop.stopping.aborted) {
      const drained = session.drain()
      await this.#deliver(session, drained)
      if (this.clock.monotonicMs() - this.#sweptMs >= sweepMs) await this.#sweep(session)
      pauseMs = drained.count > 0 ? pollMs : Math.min(pauseMs * 1.5, pollMs * idleFactor)
      // A full batch means that more is waiting: go on at once, after whatever else the loop has to do.
      if (drained.more) await new Promise(resolve => setImmediate(resolve))
      else if (!await wait(pauseMs, this.clock, this.#loop.stopping)) break
    }
    // Detached first, so that the end comes: what is then in the ring is all there is.
    session.detach()
    for (let drained = session.drain(); drained.count > 0 && !this.#loop.over.aborted; drained = session.drain()) await this.#deliver(session, drained)
    await this.#sweep(session)
  }

  async #sweep (session: KernelSession): Promise<void> {
    const now = this.clock.monotonicMs()
    const bootNs = this.clock.unixNano() - session.addon.bootOffsetNs()
    const rows = [...sweepReclaims(session), ...sweepSyscalls(session, bootNs, BigInt(Math.round((now - this.#sweptMs) * 1e6)))]
    this.#sweptMs = now
    this.reports.kernelCounters(session)
    this.#count()
    await this.#deliver(session, asDrained(rows))
  }

  async #deliver (session: KernelSession, drained: Drained): Promise<void> {
    if (drained.count === 0) return
    const writer = new EventWriter(drained, { facts: session.facts, whose: this.#whose, ids: this.#ids, ...(this.#raw !== undefined && { raw: this.#raw }) }, session.addon.bootOffsetNs(), this.clock.unixNano())
    const batch = writer.write(this.#wanted)
    this.reports.received(writer.counts, writer.unknown)
    if (batch.count === 0) return
    this.reports.delivered(batch.count, await this.#loop.deliver(this, batch))
  }

  /** Cgroup records are always there for identity, and events only when asked for. */
  readonly #wanted = (name: RecordName): boolean => (name !== 'cgroup_mkdir' && name !== 'cgroup_rmdir') || this.config.programs.includes('cgroup')
}
