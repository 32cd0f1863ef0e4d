/**
 * A running set of kernel programs: loads them, drains their ring in batches, reads their counters, and takes them out again.
 * The kernel takes them out too when the process ends, however it ends: everything hangs on descriptors.
 */
import { loadAddon, type Addon, type RingHandle } from './addon.js'
import { BpfCalls } from './bpf-calls.js'
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
}

/** Records of one drain: one after the other in `bytes`, the n-th at `index[2n]`, `index[2n + 1]` bytes long. Valid until the next drain. */
export interface Drained { readonly count: number, readonly bytes: Uint8Array, readonly index: Uint32Array }

/** What became of the records of one type, summed over CPUs. */
export interface RecordCounters { sent: number, ring_full: number, rate_limited: number, filtered: number }

const drainBytes = 1 << 20
const recordTypes = 16

export class KernelSession {
  readonly #ring: RingHandle
  readonly #index = new Uint32Array(2 * 16_384)
  readonly #cpus = possibleCpus()
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
    const calls = new BpfCalls(addon)
    const objects = options.programs.map(program => [program, readObject(program)] as const)
    const facts = readKernelFacts(objects.flatMap(([, object]) => object.programs.map(p => p.hook)))
    const loader = new ProgramLoader(calls, facts, { events: options.ringBytes })
    try {
      return KernelSession.#load(addon, loader, objects, options)
    } catch (error) {
      loader.close()
      return { unavailable: `the kernel refuses eBPF programs: ${(error as Error).message}` }
    }
  }

  static #load (addon: Addon, loader: ProgramLoader, objects: readonly (readonly [ProgramName, BpfObject])[], options: SessionOptions): KernelSession {
    const hooks: HookStatus[] = []
    let session: KernelSession | undefined
    for (const [program, object] of objects) {
      hooks.push(...loader.load(program, object, options.settings(program), () => {
        if (session !== undefined) return
        const ring = addon.ringOpen(loader.map('events')?.fd ?? -1, options.ringBytes)
        if (typeof ring === 'number') throw new Error(`mapping the ring buffer failed (errno ${-ring})`)
        session = new KernelSession(addon, loader.calls, loader, loader.facts, hooks, ring)
        options.prepare?.(session)
      }))
    }
    if (session === undefined) throw new Error('no programs were asked for')
    return session
  }

  get attached (): readonly HookStatus[] { return this.hooks.filter(h => h.unavailable === '') }

  /** Up to 1 MiB of waiting records. The bytes are of their own, so a batch may keep them. */
  drain (): Drained {
    const bytes = Buffer.allocUnsafeSlow(drainBytes)
    const count = this.drainInto(bytes)
    return { count, bytes, index: this.#index }
  }

  /** The same into a buffer of the caller's; how many records. */
  drainInto (bytes: Uint8Array): number {
    return this.#closed ? 0 : this.addon.ringDrain(this.#ring, bytes, this.#index)
  }

  /** By record type number. Exact: every record a program wanted to send is in one of the four. */
  counters (): RecordCounters[] {
    const fd = this.loader.map('counters')?.fd ?? -1
    const value = Buffer.alloc(32 * this.#cpus)
    const key = Buffer.alloc(4)
    return Array.from({ length: recordTypes }, (_, type) => {
      key.writeUInt32LE(type)
      const row = { sent: 0, ring_full: 0, rate_limited: 0, filtered: 0 }
      if (!this.#closed && this.calls.lookup(fd, key, value)) {
        for (let cpu = 0; cpu < this.#cpus; cpu++) {
          (['sent', 'ring_full', 'rate_limited', 'filtered'] as const).forEach((name, i) => { row[name] += Number(value.readBigUInt64LE(cpu * 32 + i * 8)) })
        }
      }
      return row
    })
  }

  /** Times a hook did not run because it had interrupted itself: the kernel's own protection. */
  missed (hook: HookStatus): number { return this.#closed ? 0 : Number(this.calls.programInfo(hook.fd).missed) }

  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.loader.close()
    this.addon.ringClose(this.#ring)
  }
}
