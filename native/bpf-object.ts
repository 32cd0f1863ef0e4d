/** An object file made by clang, as a loader needs it: its maps, its programs, its settings. Asks nothing of the kernel. */
import { Btf, Kind } from './btf.js'
import { Elf, symbolType, type Section, type Symbol } from './elf.js'

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
    if (btf === undefined) throw new Error('the object has no .BTF section: compile with -g')
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
      if (variable === undefined || member === undefined) throw new Error(`no setting ${name}`)
      const at = variable.value + member.offset
      if (this.btf.sizeOf(member.type) === 8) out.writeBigUInt64LE(BigInt(value), at)
      else out.writeUInt32LE(Number(value), at)
    }
    return out
  }

  #programsOf (section: Section, infos: ExtensionInfos): ProgramDefinition[] {
    const relocations = this.#elf.relocations(section)
    const functions = this.#elf.symbols.filter(s => s.section === section.index && s.type === symbolType.function)
    return functions.map(symbol => {
      const [from, to] = [symbol.value, symbol.value + symbol.size]
      const inside = relocations.filter(r => r.offset >= from && r.offset < to)
      const info = (kind: keyof ExtensionInfos, unit: number): Buffer => slice(infos[kind].get(section.name) ?? [], from, to, unit)
      return {
        name: symbol.name,
        hook: section.name.slice('tp_btf/'.length),
        instructions: Buffer.from(section.bytes.subarray(from, to)),
        references: inside.map(r => this.#reference(r.offset - from, r.symbol, section.bytes.readInt32LE(r.offset + 4))),
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
    throw new Error(`relocation against ${symbol.name || section}: only maps and read-only data are supported`)
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
      btf.bytes.writeUInt32LE(symbol?.value ?? 0, at + 4)
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
  const head = bytes.readUInt32LE(4)
  const table = (at: number): ReadonlyMap<string, readonly Buffer[]> => {
    const [start, length] = [head + bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)]
    const sections = new Map<string, Buffer[]>()
    if (length === 0) return sections
    const width = bytes.readUInt32LE(start)
    for (let p = start + 4; p < start + length;) {
      const count = bytes.readUInt32LE(p + 4)
      sections.set(btf.string(bytes.readUInt32LE(p)), Array.from({ length: count }, (_, i) => bytes.subarray(p + 8 + i * width, p + 8 + (i + 1) * width)))
      p += 8 + count * width
    }
    return sections
  }
  return { functions: table(8), lines: table(16), relocations: table(24) }
}

/** The records of [from, to), with offsets from its start in `unit` bytes. */
function slice (records: readonly Buffer[], from: number, to: number, unit: number): Buffer {
  const inside = records.filter(r => r.readUInt32LE(0) >= from && r.readUInt32LE(0) < to).map(r => Buffer.from(r))
  for (const record of inside) record.writeUInt32LE((record.readUInt32LE(0) - from) / unit, 0)
  return Buffer.concat(inside)
}
