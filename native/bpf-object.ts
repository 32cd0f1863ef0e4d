/** An object file made by clang, as a loader needs it: its maps, its programs, its settings. Asks nothing of the kernel. */
import { Btf, Kind } from './btf.js'
import { Elf, FormatError, symbolType, type Section, type Symbol } from './elf.js'

export interface MapDefinition {
  readonly name: string
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  readonly keyType: number
  readonly valueType: number
}

/** A place in the instructions that needs the descriptor of a map, or of the map that holds a data section. */
export interface MapReference { readonly offset: number, readonly map: string, readonly value: boolean, readonly valueOffset: number }

export interface ProgramDefinition {
  /** The function's name: `hook`, or `hook__variant` when there are several, of which the first that loads is taken. */
  readonly name: string
  /** The tracepoint: what follows `tp_btf/` in the section's name. */
  readonly hook: string
  readonly instructions: Buffer
  readonly references: readonly MapReference[]
  readonly functions: Buffer
  readonly lines: Buffer
  readonly relocations: Buffer
}

const instructionSize = 8
/** BPF_LD | BPF_IMM | BPF_DW */
const loadImmediate = 0x18

export class BpfObject {
  readonly btf: Btf
  readonly license: string
  readonly maps: readonly MapDefinition[]
  readonly programs: readonly ProgramDefinition[]
  /** The bytes of `.rodata`: the settings. */
  readonly readOnly: Buffer
  readonly #elf: Elf

  constructor (file: Buffer) {
    this.#elf = new Elf(file)
    const btf = this.#elf.section('.BTF')
    if (btf === undefined) throw new FormatError('the object has no .BTF section: compile with -g')
    this.btf = new Btf(Buffer.from(btf.bytes))
    fixDataSections(this.btf, this.#elf)
    this.license = (this.#elf.section('license')?.bytes.toString('latin1') ?? '').replace(/\0.*$/s, '')
    this.readOnly = Buffer.from(this.#elf.section('.rodata')?.bytes ?? [])
    this.maps = readMaps(this.btf)
    const infos = readExtension(this.btf, this.#elf.section('.BTF.ext')?.bytes ?? Buffer.alloc(32))
    this.programs = this.#elf.sections.filter(s => s.name.startsWith('tp_btf/')).flatMap(s => this.#programsOf(s, infos))
  }

  /** Writes members of the variable `settings` in .rodata. Unknown names are a bug of the caller. */
  writeSettings (values: Readonly<Record<string, number | bigint>>): Buffer {
    const variable = this.#elf.symbols.find(s => s.name === 'settings')
    const struct = this.btf.find(Kind.struct, 'tapio_settings')
    const out = Buffer.from(this.readOnly)
    for (const [name, value] of Object.entries(values)) {
      const member = this.btf.members(struct).find(m => m.name === name)
      if (variable === undefined || member === undefined) throw new FormatError(`no setting ${name}`)
      const at = variable.value + member.offset
      const size = this.btf.sizeOf(member.type) === 8 ? 8 : 4
      if (!Number.isInteger(at) || at + size > out.length) throw new FormatError(`setting ${name} is not inside .rodata`)
      if (size === 8) out.writeBigUInt64LE(BigInt(value), at)
      else out.writeUInt32LE(Number(value), at)
    }
    return out
  }

  #programsOf (section: Section, infos: ExtensionInfos): ProgramDefinition[] {
    const relocations = this.#elf.relocations(section)
    const functions = this.#elf.symbols.filter(s => s.section === section.index && s.type === symbolType.function)
    return functions.map(symbol => {
      const [from, to] = [symbol.value, symbol.value + symbol.size]
      if (to > section.bytes.length || from % instructionSize !== 0 || symbol.size % instructionSize !== 0) throw new FormatError(`function ${symbol.name} does not fit in its section`)
      const inside = relocations.filter(r => r.offset >= from && r.offset < to)
      const info = (kind: keyof ExtensionInfos, unit: number): Buffer => slice(infos[kind].get(section.name) ?? [], from, to, unit)
      return {
        name: symbol.name,
        hook: section.name.slice('tp_btf/'.length),
        instructions: Buffer.from(section.bytes.subarray(from, to)),
        references: inside.map(r => {
          // A 64-bit immediate load takes two places; its low half is the addend.
          if (r.offset + 2 * instructionSize > to || section.bytes[r.offset] !== loadImmediate) throw new FormatError(`relocation at ${r.offset} of ${section.name} is not of a 64-bit load`)
          return this.#reference(r.offset - from, r.symbol, section.bytes.readInt32LE(r.offset + 4))
        }),
        // The kernel counts these two in instructions, relocations in bytes.
        functions: info('functions', 8),
        lines: info('lines', 8),
        relocations: info('relocations', 1)
      }
    })
  }

  #reference (offset: number, symbol: Symbol, addend: number): MapReference {
    const section = this.#elf.sections[symbol.section]?.name ?? ''
    if (section === '.maps') return { offset, map: symbol.name, value: false, valueOffset: 0 }
    if (section === '.rodata') return { offset, map: section, value: true, valueOffset: symbol.value + addend }
    throw new FormatError(`relocation against ${symbol.name || section}: only maps and read-only data are supported`)
  }
}

/** clang leaves sizes and offsets of data sections to the linker; the kernel wants them. */
function fixDataSections (btf: Btf, elf: Elf): void {
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== Kind.dataSection) continue
    const section = elf.section(btf.name(id))
    btf.bytes.writeUInt32LE(section?.bytes.length ?? 0, btf.offset(id) + 8)
    const entries = btf.sectionEntries(id)
    for (const { variable, at } of entries) {
      const symbol = elf.symbols.find(s => s.name === btf.name(variable))
      const offset = symbol?.value ?? 0
      if (offset > (section?.bytes.length ?? 0)) throw new FormatError(`${symbol?.name} begins behind the end of ${btf.name(id)}`)
      btf.bytes.writeUInt32LE(offset, at + 4)
    }
    const sorted = entries.map(e => Buffer.from(btf.bytes.subarray(e.at, e.at + 12))).sort((a, b) => a.readUInt32LE(4) - b.readUInt32LE(4))
    entries.forEach((e, i) => { (sorted[i] as Buffer).copy(btf.bytes, e.at) })
  }
}

/** A map is a variable of a struct type: numbers are written as array lengths behind a pointer, types as pointers. */
function readMaps (btf: Btf): MapDefinition[] {
  const section = btf.find(Kind.dataSection, '.maps')
  if (section === 0) return []
  return btf.sectionEntries(section).map(({ variable }) => {
    const members = new Map(btf.members(btf.resolve(btf.sizeOrType(variable))).map(m => [m.name, m.type]))
    const number = (name: string): number => {
      const type = members.get(name)
      return type === undefined ? 0 : btf.array(btf.resolve(btf.sizeOrType(btf.resolve(type)))).count
    }
    const pointee = (name: string): number => { const type = members.get(name); return type === undefined ? 0 : btf.sizeOrType(btf.resolve(type)) }
    const [keyType, valueType] = [pointee('key'), pointee('value')]
    return {
      name: btf.name(variable),
      type: number('type'),
      maxEntries: number('max_entries'),
      flags: number('map_flags'),
      keySize: keyType === 0 ? 0 : btf.sizeOf(keyType),
      valueSize: valueType === 0 ? 0 : btf.sizeOf(valueType),
      keyType,
      valueType
    }
  })
}

interface ExtensionInfos {
  readonly functions: ReadonlyMap<string, readonly Buffer[]>
  readonly lines: ReadonlyMap<string, readonly Buffer[]>
  readonly relocations: ReadonlyMap<string, readonly Buffer[]>
}

/** .BTF.ext: three tables of records by section; the first word of each record is its offset in the section, in bytes. */
function readExtension (btf: Btf, bytes: Buffer): ExtensionInfos {
  if (bytes.length < 32) throw new FormatError(`.BTF.ext has ${bytes.length} bytes, expected 32 at least`)
  const head = bytes.readUInt32LE(4)
  const table = (at: number): ReadonlyMap<string, readonly Buffer[]> => {
    const [start, length] = [head + bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
    if (start + length > bytes.length) throw new FormatError('.BTF.ext is cut off')
    return length < 4 ? new Map() : readRecords(btf, bytes.subarray(start, start + length))
  }
  return { functions: table(8), lines: table(16), relocations: table(24) }
}

/** `width u32`, then by section: `name u32 | count u32 | count records`. */
function readRecords (btf: Btf, bytes: Buffer): ReadonlyMap<string, readonly Buffer[]> {
  const sections = new Map<string, Buffer[]>()
  const width = bytes.readUInt32LE(0)
  for (let at = 4; at < bytes.length;) {
    const count = at + 8 > bytes.length ? Infinity : bytes.readUInt32LE(at + 4)
    if (width < 8 || at + 8 + count * width > bytes.length) throw new FormatError(`.BTF.ext: ${count} records of ${width} bytes do not fit`)
    const from = at + 8
    sections.set(btf.string(bytes.readUInt32LE(at)), Array.from({ length: count }, (_, i) => bytes.subarray(from + i * width, from + (i + 1) * width)))
    at = from + count * width
  }
  return sections
}

/** The records of [from, to), with offsets from its start in `unit` bytes. */
function slice (records: readonly Buffer[], from: number, to: number, unit: number): Buffer {
  const inside = records.filter(r => r.readUInt32LE(0) >= from && r.readUInt32LE(0) < to).map(r => Buffer.from(r))
  for (const record of inside) record.writeUInt32LE((record.readUInt32LE(0) - from) / unit, 0)
  return Buffer.concat(inside)
}
