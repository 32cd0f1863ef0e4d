/**
 * Brings objects into the kernel: maps (shared by name between objects), type information, and each program alone, so that
 * one that this kernel lacks does not keep the others away. Relocation to this kernel's structs is done by the kernel.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { BpfError, MapType, type BpfCalls } from './bpf-calls.js'
import { BpfObject, type MapDefinition, type ProgramDefinition } from './bpf-object.js'
import type { KernelFacts } from './kernel-facts.js'
import type { ProgramName } from './record-table.js'

export interface HookStatus {
  readonly program: ProgramName
  /** The tracepoint. */
  readonly hook: string
  /** '' when attached, else why not, in one line. */
  readonly unavailable: string
  /** The program's descriptor while attached. */
  readonly fd: number
}

export type Settings = Readonly<Record<string, number | bigint>>

/** Throws an Error that names the file: an installation may be incomplete. */
export function readObject (program: ProgramName): BpfObject {
  const path = fileURLToPath(new URL(`../bpf/objects/${program}.bpf.o`, import.meta.url))
  try {
    return new BpfObject(readFileSync(path))
  } catch (error) {
    throw new Error(`the kernel program ${path} cannot be used: ${(error as Error).message}: build or install Tapio again`, { cause: error })
  }
}

export class ProgramLoader {
  /** Everything to close at the end: links first, so that nothing runs while its maps go. */
  readonly #links: number[] = []
  readonly #others: number[] = []
  readonly #maps = new Map<string, { readonly fd: number, readonly definition: MapDefinition }>()

  /** `sizes`: entries of maps, where the object's own number is only a default. */
  constructor (readonly calls: BpfCalls, readonly facts: KernelFacts, readonly sizes: Readonly<Record<string, number>>) {}

  /** A map of the objects loaded so far. */
  map (name: string): { readonly fd: number, readonly definition: MapDefinition } | undefined { return this.#maps.get(name) }

  /** Loads and attaches what it can. Throws when not even maps can be made: then nothing else would work either. */
  load (program: ProgramName, object: BpfObject, settings: Settings, prepare: (maps: ProgramLoader) => void = () => undefined): HookStatus[] {
    const btfFd = this.#keep(this.calls.loadBtf(object.btf.bytes))
    for (const definition of object.maps) if (!this.#maps.has(definition.name)) this.#createMap(definition, btfFd)
    const readOnly = this.#createReadOnly(object, settings)
    prepare(this)
    const byHook = new Map<string, ProgramDefinition[]>()
    for (const p of object.programs) {
      const base = p.name.split('__')[0] as string
      byHook.set(base, [...byHook.get(base) ?? [], p])
    }
    const first = this.#links.length
    const hooks = [...byHook.values()].map(variants => this.#attachFirst(program, variants, { object, btfFd, readOnly }))
    return program === 'syscalls' ? this.#allOrNone(hooks, first) : hooks
  }

  /** Ends all hooks; maps stay. */
  detach (): void { for (const fd of this.#links.splice(0)) this.calls.close(fd) }

  close (): void {
    this.detach()
    for (const fd of this.#others.splice(0)) this.calls.close(fd)
    this.#maps.clear()
  }

  /** For a program whose hooks measure from one to the other: half of it would cost every system call and tell nothing. */
  #allOrNone (hooks: readonly HookStatus[], firstLink: number): HookStatus[] {
    const missing = hooks.find(h => h.unavailable !== '')
    if (missing === undefined) return [...hooks]
    for (const link of this.#links.splice(firstLink)) this.calls.close(link)
    return hooks.map(h => h.unavailable === '' ? { ...h, unavailable: `of no use without ${missing.hook}`, fd: -1 } : h)
  }

  #attachFirst (program: ProgramName, variants: readonly ProgramDefinition[], from: LoadedObject): HookStatus {
    const hook = (variants[0] as ProgramDefinition).hook
    const attachBtfId = this.facts.hooks.get(hook)
    if (attachBtfId === undefined) return { program, hook, unavailable: `this kernel has no tracepoint ${hook}`, fd: -1 }
    let reason = ''
    for (const variant of variants) {
      try {
        const fd = this.#loadProgram(variant, attachBtfId, from)
        this.#links.push(this.calls.attach(fd))
        return { program, hook, unavailable: '', fd }
      } catch (error) {
        if (!(error instanceof BpfError)) throw error
        reason = error.message
      }
    }
    return { program, hook, unavailable: reason, fd: -1 }
  }

  #loadProgram (program: ProgramDefinition, attachBtfId: number, { object, btfFd, readOnly }: LoadedObject): number {
    const instructions = Buffer.from(program.instructions)
    for (const { offset, map, value, valueOffset } of program.references) {
      // ld_imm64: the source register says what the immediate is (BPF_PSEUDO_MAP_FD 1, BPF_PSEUDO_MAP_VALUE 2).
      instructions[offset + 1] = (instructions[offset + 1] as number) & 0x0f | (value ? 2 : 1) << 4
      instructions.writeInt32LE(value ? readOnly : (this.#maps.get(map)?.fd ?? -1), offset + 4)
      if (value) instructions.writeInt32LE(valueOffset, offset + 12)
    }
    return this.#keep(this.calls.loadProgram({ ...program, instructions, attachBtfId, btfFd, license: object.license }))
  }

  #createMap (definition: MapDefinition, btfFd: number): void {
    const { name, keyType, valueType, type } = definition
    const sized = { ...definition, maxEntries: this.sizes[name] ?? definition.maxEntries }
    const options = type === MapType.ringBuffer ? sized : { ...sized, btf: { fd: btfFd, keyType, valueType } }
    this.#maps.set(name, { fd: this.#keep(this.calls.createMap(options)), definition: sized })
  }

  /** The settings, which the verifier may then take for constants. */
  #createReadOnly (object: BpfObject, settings: Settings): number {
    const bytes = object.writeSettings(settings)
    const readOnlyForPrograms = 128
    const fd = this.#keep(this.calls.createMap({ name: '.rodata', type: MapType.array, keySize: 4, valueSize: bytes.length, maxEntries: 1, flags: readOnlyForPrograms }))
    this.calls.update(fd, Buffer.alloc(4), bytes)
    this.calls.freeze(fd)
    return fd
  }

  #keep (fd: number): number {
    this.#others.push(fd)
    return fd
  }
}

interface LoadedObject { readonly object: BpfObject, readonly btfFd: number, readonly readOnly: number }
