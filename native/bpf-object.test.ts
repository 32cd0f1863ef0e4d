/** Scenario: object files and type information that are cut off, damaged or made up. Guarantees: a FormatError or an object; no other exception, no hang. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../core/data/testing/random.js'
import { BpfObject } from './bpf-object.js'
import { Btf, Kind } from './btf.js'
import { Elf, FormatError } from './elf.js'

const objects = ['process', 'memory', 'network', 'syscalls', 'cgroup', 'layout'].map(name => [name, readFileSync(`bpf/objects/${name}.bpf.o`)] as const)

const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 5000 : 250

/** Everything a loader asks for: the object, or why there is none. Any other exception is the test's to fail by. */
function read (file: Buffer): BpfObject | string {
  try {
    const object = new BpfObject(file)
    if (object.btf.find(Kind.struct, 'tapio_settings') !== 0) object.writeSettings({ filters: 1, only_syscall: 2, interval_ns: 3n })
    for (const { instructions, references } of object.programs) for (const { offset } of references) assert.ok(offset + 16 <= instructions.length)
    return object
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return error.message
  }
}

for (const [name, whole] of objects) {
  test(`${name}: cut off anywhere it is no object`, () => {
    const random = seeded(1)
    for (let i = 0; i < rounds / 5; i++) assert.type(read(whole.subarray(0, random.below(whole.length))), 'string')
  })

  test(`${name}: damaged anywhere it is an object or a fault`, () => {
    const random = seeded(2)
    const sections = new Elf(whole).sections.filter(s => s.bytes.length > 0)
    let [good, bad] = [0, 0]
    for (let i = 0; i < rounds; i++) {
      const file = Buffer.from(whole)
      // Half of them in one section or the tables around it, where a number more likely means something.
      const { bytes } = sections[random.below(sections.length)] as { bytes: Buffer }
      const [from, room] = i % 2 === 0 ? [0, file.length] : [bytes.byteOffset - whole.byteOffset, bytes.length]
      for (let n = 0; n < 1 + random.below(6); n++) file[from + random.below(room)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
      if (typeof read(file) === 'string') bad++
      else good++
    }
    assert.ok(good > rounds / 10 && bad > rounds / 25, `${good} objects, ${bad} faults`)
  })
}

/** BTF of these types: `name` offset, info, size or type, and what follows. */
function btfOf (...types: readonly (readonly number[])[]): Buffer {
  const words = types.flat()
  const bytes = Buffer.alloc(24 + words.length * 4 + 1)
  bytes.writeUInt16LE(0xeb9f, 0)
  ;[24, 0, words.length * 4, words.length * 4, 1].forEach((n, i) => { bytes.writeUInt32LE(n, 4 + i * 4) })
  words.forEach((word, i) => { bytes.writeUInt32LE(word >>> 0, 24 + i * 4) })
  return bytes
}

const info = (kind: number, entries = 0): number => (kind << 24 | entries) >>> 0

const hostile: readonly [string, Buffer, (btf: Btf) => unknown, RegExp][] = [
  ['a typedef of itself', btfOf([0, info(Kind.typedef), 1]), btf => btf.resolve(1), /type 1 stands for itself/],
  ['two that stand for each other', btfOf([0, info(Kind.const), 2], [0, info(Kind.volatile), 1]), btf => btf.sizeOf(2), /type 2 stands for itself/],
  ['an array of itself', btfOf([0, info(Kind.array), 0, 1, 1, 2]), btf => btf.sizeOf(1), /type 1 is an array of itself/],
  ['a type that is not there', btfOf([0, info(Kind.pointer), 9]), btf => btf.sizeOf(btf.sizeOrType(1)), /no type 9/],
  ['members of a number', btfOf([0, info(Kind.int), 4, 32]), btf => btf.members(1), /type 1 is of kind 1, expected 4 or 5/],
  ['the length of no array', btfOf([0, info(Kind.int), 4, 32]), btf => btf.array(1), /type 1 is no array/],
  ['more members than there are bytes', btfOf([0, info(Kind.struct, 65535), 4]), btf => btf.members(1), /type 1 is cut off/],
  ['a kind of later', btfOf([0, info(25), 4]), btf => btf.count, /type 1 is of kind 25; known are 1 to 19/],
  ['a length beyond the file', (() => { const b = btfOf(); b.writeUInt32LE(0xfffffff0, 12); return b })(), btf => btf.count, /cut off: 25 bytes/]
]
for (const [what, bytes, ask, expected] of hostile) {
  test(`type information with ${what} is a fault`, () => {
    assert.throws(() => ask(new Btf(bytes)), (error: unknown) => error instanceof FormatError && expected.test(error.message))
  })
}

test.run()
