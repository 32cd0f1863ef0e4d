/**
 * The bpf() commands that Tapio uses, with the layout of `union bpf_attr` (include/uapi/linux/bpf.h; offsets are ABI).
 * Every descriptor the kernel gives is close-on-exec.
 */
import { getSystemErrorMap } from 'node:util'
import type { Addon } from './addon.js'

const Command = {
  mapCreate: 0, mapLookup: 1, mapUpdate: 2, mapDelete: 3, mapNextKey: 4, progLoad: 5, progNextId: 11, mapNextId: 12, mapFdById: 14, infoByFd: 15,
  rawTracepointOpen: 17, btfLoad: 18, mapLookupAndDelete: 21, mapFreeze: 22, btfNextId: 23, linkNextId: 31, enableStats: 32
} as const

export const MapType = { hash: 1, array: 2, perCpuHash: 5, perCpuArray: 6, ringBuffer: 27 } as const

/** A bpf() call that the kernel refused. */
export class BpfError extends Error {
  /** `log` is what the verifier said. */
  constructor (readonly call: string, readonly errno: number, readonly log = '') {
    super(`${call}: ${errorName(errno)}${log === '' ? '' : `: ${lastWords(log)}`}`)
  }

  get code (): string { return errorName(this.errno) }
}

/** Kept: Node makes a new map at every question. */
const systemErrors = getSystemErrorMap()

/** `EPERM` for 1. */
export function errorName (errno: number): string {
  return systemErrors.get(-errno)?.[0] ?? `errno ${errno}`
}

/** The verifier's reason: its last line that is no statistics. */
export function lastWords (log: string): string {
  const lines = log.split('\n').map(l => l.trim()).filter(l => l !== '' && !/^(processed \d+ insns|verification time|stack depth|max_states|;|\d+: \()/.test(l))
  return (lines.at(-1) ?? '').slice(0, 200)
}

export interface MapOptions {
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  readonly name: string
  readonly btf?: { readonly fd: number, readonly keyType: number, readonly valueType: number }
}

export interface ProgramOptions {
  readonly name: string
  readonly instructions: Uint8Array
  readonly license: string
  readonly attachBtfId: number
  readonly btfFd: number
  /** Each as the kernel wants it: struct bpf_func_info, bpf_line_info, bpf_core_relo. */
  readonly functions: Uint8Array
  readonly lines: Uint8Array
  readonly relocations: Uint8Array
}

const progTypeTracing = 26
const attachTypeRawTracepoint = 23
const logBytes = 1 << 20

export class BpfCalls {
  constructor (readonly addon: Addon) {}

  createMap (options: MapOptions): number {
    const attr = Buffer.alloc(72)
    attr.writeUInt32LE(options.type, 0)
    attr.writeUInt32LE(options.keySize, 4)
    attr.writeUInt32LE(options.valueSize, 8)
    attr.writeUInt32LE(options.maxEntries, 12)
    attr.writeUInt32LE(options.flags, 16)
    attr.write(options.name.replace(/[^\w.]/g, '_').slice(0, 15), 28)
    if (options.btf !== undefined) {
      attr.writeUInt32LE(options.btf.fd, 48)
      attr.writeUInt32LE(options.btf.keyType, 52)
      attr.writeUInt32LE(options.btf.valueType, 56)
    }
    return this.#must(`create map ${options.name}`, this.addon.bpf(Command.mapCreate, attr, []))
  }

  /** The value, or undefined when the key is not there. Per-CPU maps: one value a possible CPU, each at a multiple of 8. */
  lookup (fd: number, key: Uint8Array, value: Uint8Array): boolean {
    return this.#found('map lookup', this.addon.bpf(Command.mapLookup, mapAttr(fd), [8, key, 16, value]))
  }

  lookupAndDelete (fd: number, key: Uint8Array, value: Uint8Array): boolean {
    return this.#found('map lookup and delete', this.addon.bpf(Command.mapLookupAndDelete, mapAttr(fd), [8, key, 16, value]))
  }

  update (fd: number, key: Uint8Array, value: Uint8Array): void {
    this.#must('map update', this.addon.bpf(Command.mapUpdate, mapAttr(fd), [8, key, 16, value]))
  }

  delete (fd: number, key: Uint8Array): boolean {
    return this.#found('map delete', this.addon.bpf(Command.mapDelete, mapAttr(fd), [8, key]))
  }

  /** The key after `key` (none: the first) into `next`; false at the end. */
  nextKey (fd: number, key: Uint8Array | undefined, next: Uint8Array): boolean {
    return this.#found('map next key', this.addon.bpf(Command.mapNextKey, mapAttr(fd), key === undefined ? [16, next] : [8, key, 16, next]))
  }

  freeze (fd: number): void {
    const attr = Buffer.alloc(8)
    attr.writeUInt32LE(fd, 0)
    this.#must('freeze map', this.addon.bpf(Command.mapFreeze, attr, []))
  }

  loadBtf (bytes: Uint8Array): number {
    const attr = Buffer.alloc(32)
    const log = Buffer.alloc(1 << 16)
    attr.writeUInt32LE(bytes.length, 16)
    const fd = this.addon.bpf(Command.btfLoad, attr, [0, bytes])
    if (fd >= 0) return fd
    attr.writeUInt32LE(log.length, 20)
    attr.writeUInt32LE(1, 24)
    return this.#must('load BTF', this.addon.bpf(Command.btfLoad, attr, [0, bytes, 8, log]), log)
  }

  loadProgram (options: ProgramOptions): number {
    const attr = Buffer.alloc(144)
    const { instructions, functions, lines, relocations } = options
    attr.writeUInt32LE(progTypeTracing, 0)
    attr.writeUInt32LE(instructions.length / 8, 4)
    attr.write(options.name.slice(0, 15), 48)
    attr.writeUInt32LE(attachTypeRawTracepoint, 68)
    attr.writeUInt32LE(options.btfFd, 72)
    attr.writeUInt32LE(8, 76)
    attr.writeUInt32LE(functions.length / 8, 88)
    attr.writeUInt32LE(16, 92)
    attr.writeUInt32LE(lines.length / 16, 104)
    attr.writeUInt32LE(options.attachBtfId, 108)
    attr.writeUInt32LE(relocations.length / 16, 116)
    attr.writeUInt32LE(16, 136)
    const pointers = [8, instructions, 16, Buffer.from(`${options.license}\0`), 80, functions, 96, lines, 128, relocations]
    const fd = this.addon.bpf(Command.progLoad, attr, pointers)
    if (fd >= 0) return fd
    // Once more for the reason: a log slows every load that succeeds.
    const log = Buffer.alloc(logBytes)
    attr.writeUInt32LE(1, 24)
    attr.writeUInt32LE(log.length, 28)
    return this.#must(`load ${options.name}`, this.addon.bpf(Command.progLoad, attr, [...pointers, 32, log]), log)
  }

  /** Attaches a tp_btf program to the tracepoint it was loaded for; the attachment ends with the descriptor. */
  attach (programFd: number): number {
    const attr = Buffer.alloc(16)
    attr.writeUInt32LE(programFd, 8)
    return this.#must('attach', this.addon.bpf(Command.rawTracepointOpen, attr, []))
  }

  /** struct bpf_prog_info: what a program has cost and missed. Times are counted while statistics are on. */
  programInfo (fd: number): { readonly runNs: bigint, readonly runs: bigint, readonly missed: bigint } {
    const info = Buffer.alloc(224)
    const attr = Buffer.alloc(16)
    attr.writeUInt32LE(fd, 0)
    attr.writeUInt32LE(info.length, 4)
    this.#must('program info', this.addon.bpf(Command.infoByFd, attr, [8, info]))
    return { runNs: info.readBigUInt64LE(192), runs: info.readBigUInt64LE(200), missed: info.readBigUInt64LE(208) }
  }

  /** Counts run times of all programs of the machine while the descriptor is open. */
  enableStats (): number {
    return this.#must('enable statistics', this.addon.bpf(Command.enableStats, Buffer.alloc(8), []))
  }

  /** Ids of all programs, maps, links or BTF objects of the machine. */
  ids (kind: 'prog' | 'map' | 'link' | 'btf'): number[] {
    const attr = Buffer.alloc(16)
    const ids: number[] = []
    while (this.#found(`next ${kind} id`, this.addon.bpf(Command[`${kind}NextId`], attr, []))) {
      const id = attr.readUInt32LE(4)
      ids.push(id)
      attr.writeUInt32LE(id, 0)
    }
    return ids
  }

  /** A descriptor of a map that others made. */
  mapById (id: number): number {
    const attr = Buffer.alloc(16)
    attr.writeUInt32LE(id, 0)
    return this.#must('map by id', this.addon.bpf(Command.mapFdById, attr, []))
  }

  close (fd: number): void { this.addon.close(fd) }

  #must (call: string, result: number, log?: Buffer): number {
    if (result >= 0) return result
    throw new BpfError(call, -result, log === undefined ? '' : log.toString('latin1', 0, Math.max(0, log.indexOf(0))))
  }

  #found (call: string, result: number): boolean {
    if (result === -enoent) return false
    this.#must(call, result)
    return true
  }
}

const enoent = 2

function mapAttr (fd: number): Buffer {
  const attr = Buffer.alloc(32)
  attr.writeUInt32LE(fd, 0)
  return attr
}
