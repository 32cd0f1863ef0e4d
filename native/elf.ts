/**
 * What is needed of a relocatable 64-bit little-endian ELF file: sections, symbols, relocations. Input is our own, but checked:
 * an installation may be incomplete. Whatever is wrong is a FormatError; nothing makes it read without end or ask for memory.
 */

export interface Section { readonly name: string, readonly index: number, readonly type: number, readonly info: number, readonly bytes: Buffer }
export interface Symbol { readonly name: string, readonly section: number, readonly value: number, readonly size: number, readonly type: number }
export interface Relocation { readonly offset: number, readonly symbol: Symbol }

/** The file is not what its format promises. */
export class FormatError extends Error {
  override readonly name = 'FormatError'
}

const sectionHeaderSize = 64

export const symbolType = { function: 2, section: 3 } as const

export class Elf {
  readonly sections: readonly Section[]
  readonly symbols: readonly Symbol[]

  constructor (readonly file: Buffer) {
    if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) throw new FormatError('not a 64-bit little-endian ELF file')
    const table = Number(file.readBigUInt64LE(40))
    const entrySize = file.readUInt16LE(58)
    const count = file.readUInt16LE(60)
    if (entrySize < sectionHeaderSize || table + count * entrySize > file.length) throw new FormatError(`cut off: ${count} section headers at ${table} of ${file.length} bytes`)
    const raw = Array.from({ length: count }, (_, i) => readSection(file, table + i * entrySize))
    const names = raw[file.readUInt16LE(62)]?.bytes ?? Buffer.alloc(0)
    this.sections = raw.map((s, index) => ({ ...s, index, name: cString(names, s.nameAt) }))
    this.symbols = this.#readSymbols()
  }

  section (name: string): Section | undefined { return this.sections.find(s => s.name === name) }

  /** The relocations of a section, in its order. */
  relocations (section: Section): readonly Relocation[] {
    const table = this.sections.find(s => s.type === 9 && s.info === section.index)
    if (table === undefined) return []
    return Array.from({ length: table.bytes.length / 16 }, (_, i) => {
      const number = table.bytes.readUInt32LE(i * 16 + 12)
      const symbol = this.symbols[number]
      if (symbol === undefined) throw new FormatError(`relocation ${i} of ${section.name} is against symbol ${number}, there are ${this.symbols.length}`)
      return { offset: Number(table.bytes.readBigUInt64LE(i * 16)), symbol }
    })
  }

  #readSymbols (): Symbol[] {
    const symtab = this.sections.find(s => s.type === 2)?.bytes ?? Buffer.alloc(0)
    const names = this.section('.strtab')?.bytes ?? Buffer.alloc(0)
    return Array.from({ length: symtab.length / 24 }, (_, i) => {
      const at = i * 24
      return {
        name: cString(names, symtab.readUInt32LE(at)),
        type: (symtab[at + 4] as number) & 15,
        section: symtab.readUInt16LE(at + 6),
        value: Number(symtab.readBigUInt64LE(at + 8)),
        size: Number(symtab.readBigUInt64LE(at + 16))
      }
    })
  }
}

function readSection (file: Buffer, at: number) {
  const [offset, size] = [Number(file.readBigUInt64LE(at + 24)), Number(file.readBigUInt64LE(at + 32))]
  const type = file.readUInt32LE(at + 4)
  // NOBITS (8) has a size but no bytes in the file.
  if (type !== 8 && offset + size > file.length) throw new FormatError(`cut off: a section of ${size} bytes at ${offset} of ${file.length}`)
  return { nameAt: file.readUInt32LE(at), type, info: file.readUInt32LE(at + 44), bytes: file.subarray(offset, type === 8 ? offset : offset + size) }
}

/** The text at `at`, up to its NUL. */
export function cString (bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at)
  return bytes.toString('utf8', at, end < 0 ? bytes.length : end)
}
