/**
 * A running set of kernel programs: loads them, drains their ring in batches, reads their counters, and takes them out again.
 * The kernel takes them out too when the process ends, however it ends: everything hangs on descriptors.
 */
import { loadAddon, type Addon, type RingHandle } from './addon.js'
import { BpfCalls, BpfError, errorName } from './bpf-calls.js'
import type { BpfObject } from './bpf-object.js'
import { possibleCpus, readKernelFacts, unavailability, type KernelFacts } from './kernel-facts.js'
import { ProgramLoader, readObject, type HookStatus, type Settings } from './program-loader.js'
import type { ProgramName } from './record-table.js'

export interface SessionOptions {
  readonly programs: readonly ProgramName[]
  /** A power of two and a multiple of the page size. */
  readonly ringBytes: number
  /** Members of `struct tapio_settings`, by program. */
  readonly settings: (program: ProgramName) => Settings
  /** Called before the programs of an object are loaded, so that they find their sets filled. */
  readonly prepare?: (session: KernelSession) => void
  /** The same for the maps of one object. */
  readonly prepareProgram?: (program: ProgramName, session: KernelSession) => void
  /** Entries of maps by name, where a test wants other numbers than the objects have. */
  readonly mapEntries?: Readonly<Record<string, number>> | undefined
  /** Known already, or made up by a test; left out: read from the running kernel. */
  readonly facts?: KernelFacts | undefined
}

/** Records of one drain: one after the other in `bytes`, the n-th at `index[2n]`, `index[2n + 1]` bytes long. The index is valid until the next drain. */
export interface Drained {
  readonly count: number
  readonly bytes: Uint8Array
  readonly index: Uint32Array
  /** It ended because it was full: more may be waiting. */
  readonly more: boolean
}

/** What became of the records of one type, summed over CPUs. */
export interface RecordCounters { sent: number, ring_full: number, rate_limited: number, filtered: number }

const drainBytes = 1 << 20
const maxRecords = 8192
/** No record is larger; a drain with less room than this left may have stopped for it. */
const largestRecord = 4096
const recordTypes = 16

export class KernelSession {
  readonly #ring: RingHandle
  readonly #index = new Uint32Array(2 * maxRecords)
  readonly #scratch = Buffer.allocUnsafeSlow(drainBytes)
  readonly cpus = possibleCpus()
  #closed = false

  private constructor (
    readonly addon: Addon,
    readonly calls: BpfCalls,
    readonly loader: ProgramLoader,
    readonly facts: KernelFacts,
    readonly hooks: readonly HookStatus[],
    ring: RingHandle
  ) { this.#ring = ring }

  /** A running session, or in one line why there is none. Single hooks that are missing are in `hooks`. */
  static open (options: SessionOptions): KernelSession | { readonly unavailable: string } {
    const reason = unavailability()
    if (reason !== '') return { unavailable: reason }
    const addon = loadAddon()
    if ('unavailable' in addon) return addon
    const read = KernelSession.#read(options)
    if ('unavailable' in read) return read
    const loader = new ProgramLoader(new BpfCalls(addon), read.facts, { ...options.mapEntries, events: options.ringBytes })
    try {
      return KernelSession.#load(addon, loader, read.objects, options)
    } catch (error) {
      loader.close()
      return { unavailable: `the kernel refuses eBPF programs: ${(error as Error).message}` }
    }
  }

  /** The objects of this installation and what there is to know of the kernel. */
  static #read ({ programs, facts }: SessionOptions): { readonly objects: readonly (readonly [ProgramName, BpfObject])[], readonly facts: KernelFacts } | { readonly unavailable: string } {
    try {
      const objects = programs.map(program => [program, readObject(program)] as const)
      return { objects, facts: facts ?? readKernelFacts(objects.flatMap(([, object]) => object.programs.map(p => p.hook))) }
    } catch (error) {
      return { unavailable: (error as Error).message }
    }
  }

  static #load (addon: Addon, loader: ProgramLoader, objects: readonly (readonly [ProgramName, BpfObject])[], options: SessionOptions): KernelSession {
    const hooks: HookStatus[] = []
    let session: KernelSession | undefined
    let failure: unknown = new Error('no programs were asked for')
    const begin = (program: ProgramName): void => {
      session ??= KernelSession.#begin(addon, loader, hooks, options)
      options.prepareProgram?.(program, session)
    }
    for (const [program, object] of objects) {
      try {
        hooks.push(...loader.load(program, object, options.settings(program), () => { begin(program) }))
      } catch (error) {
        if (!(error instanceof BpfError)) { session?.close(); throw error }
        failure = error
        hooks.push(...object.programs.map(({ hook }) => ({ program, hook, unavailable: error.message, fd: -1 })))
      }
    }
    if (session === undefined) throw failure
    return session
  }

  /** With the maps of the first object. Half filled sets would let through, or keep away, what nobody asked for: then there is no session. */
  static #begin (addon: Addon, loader: ProgramLoader, hooks: readonly HookStatus[], options: SessionOptions): KernelSession {
    const ring = addon.ringOpen(loader.map('events')?.fd ?? -1, options.ringBytes)
    if (typeof ring === 'number') throw new Error(`mapping the ring buffer failed (${errorName(-ring)})`)
    const session = new KernelSession(addon, loader.calls, loader, loader.facts, hooks, ring)
    try {
      options.prepare?.(session)
    } catch (error) {
      session.close()
      throw new Error(`filling its maps failed: ${(error as Error).message}`, { cause: error })
    }
    return session
  }

  get attached (): readonly HookStatus[] { return this.hooks.filter(h => h.unavailable === '') }

  /** Up to 1 MiB of waiting records, in bytes of their own, so that a batch may keep them. */
  drain (): Drained {
    const count = this.drainInto(this.#scratch)
    const last = 2 * (count - 1)
    const used = count === 0 ? 0 : (this.#index[last] as number) + (this.#index[last + 1] as number)
    const more = count === maxRecords || used > drainBytes - largestRecord
    return { count, bytes: Buffer.from(this.#scratch.subarray(0, used)), index: this.#index, more }
  }

  /** The same into a buffer of the caller's; how many records. */
  drainInto (bytes: Uint8Array): number {
    return this.#closed ? 0 : this.addon.ringDrain(this.#ring, bytes, this.#index)
  }

  /** By record type number. Exact: every record a program wanted to send is in one of the four. */
  counters (): RecordCounters[] {
    return readCounters(this.calls, this.#closed ? -1 : this.loader.map('counters')?.fd ?? -1, this.cpus)
  }

  /** Times a hook did not run because it had interrupted itself: the kernel's own protection. */
  missed (hook: HookStatus): number { return this.#closed ? 0 : Number(this.calls.programInfo(hook.fd).missed) }

  /** Ends all hooks; what is in the ring and the maps can still be read. */
  detach (): void { this.loader.detach() }

  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.loader.close()
    this.addon.ringClose(this.#ring)
  }
}

/** A map `counters`, summed over CPUs; zeros when `fd` is -1. */
export function readCounters (calls: BpfCalls, fd: number, cpus: number): RecordCounters[] {
  const value = Buffer.alloc(32 * cpus)
  const key = Buffer.alloc(4)
  return Array.from({ length: recordTypes }, (_, type) => {
    key.writeUInt32LE(type)
    const row = { sent: 0, ring_full: 0, rate_limited: 0, filtered: 0 }
    if (fd < 0 || !calls.lookup(fd, key, value)) return row
    for (let cpu = 0; cpu < cpus; cpu++) {
      (['sent', 'ring_full', 'rate_limited', 'filtered'] as const).forEach((name, i) => { row[name] += Number(value.readBigUInt64LE(cpu * 32 + i * 8)) })
    }
    return row
  })
}
