/**
 * Every struct that crosses from the kernel, as the compiler wrote it into the objects' type information, against the table
 * that TypeScript reads by. Needs no kernel and no privileges.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BpfObject } from './bpf-object.js'
import { Kind, type Btf } from './btf.js'
import { readObject } from './program-loader.js'
import { programNames, recordTable, type Field, type RecordSpec } from './record-table.js'
import { syscallKey, syscallValue } from './sweep.js'

/** Members of a struct with those of nested structs, as `outer.inner` but for the header, whose names stand alone. */
function flatMembers (btf: Btf, id: number, prefix = '', base = 0): Map<string, { offset: number, size: number }> {
  const all = new Map<string, { offset: number, size: number }>()
  for (const { name, type, offset } of btf.members(id)) {
    const inner = btf.resolve(type)
    if (btf.kind(inner) === Kind.struct) {
      for (const [key, value] of flatMembers(btf, inner, name === 'header' ? prefix : `${prefix}${name}.`, base + offset)) all.set(key, value)
    } else {
      all.set(prefix + name, { offset: base + offset, size: btf.sizeOf(type) })
    }
  }
  return all
}

function structOf (btf: Btf, name: string): number {
  const id = btf.find(Kind.struct, name)
  assert.ok(id > 0, `struct ${name} is not in the object`)
  return id
}

/** The object that holds every crossing struct; all include the same header. */
const layout = readFileSync('bpf/objects/layout.bpf.o')
const objects = new Map([...programNames, 'bench' as const].map(p => [p, readObject(p)]))

for (const [name, spec] of Object.entries(recordTable) as [string, RecordSpec][]) {
  test(`${name}: size, offsets and sizes of all fields are those of struct ${spec.struct}`, () => {
    const { btf } = new BpfObject(layout)
    const id = structOf(btf, spec.struct)
    assert.is(btf.sizeOrType(id), spec.size)
    const theirs = flatMembers(btf, id)
    const ours = new Map(Object.entries(spec.fields).map(([key, f]) => [key, { offset: f.offset, size: f.size }]))
    assert.equal(Object.fromEntries(ours), Object.fromEntries(theirs))
  })
}

test('fields do not overlap and fill their record', () => {
  for (const [name, spec] of Object.entries(recordTable) as [string, RecordSpec][]) {
    let at = 0
    for (const [key, field] of (Object.entries(spec.fields) as [string, Field][]).sort((a, b) => a[1].offset - b[1].offset)) {
      assert.is(field.offset, at, `${name}.${key}`)
      at += field.size
    }
    // The bench record and others without a gap end where the struct does.
    assert.is(at, spec.size, name)
  }
})

test('what the syscalls program keeps in its maps is read where it is', () => {
  const { btf, maps } = objects.get('syscalls') as ReturnType<typeof readObject>
  for (const [struct, table] of [['tapio_syscall_key', syscallKey], ['tapio_syscall_value', syscallValue]] as const) {
    const id = structOf(btf, struct)
    const theirs = Object.fromEntries(btf.members(id).filter(m => m.name !== 'padding').map(m => [m.name, m.offset]))
    assert.equal({ size: btf.sizeOrType(id), ...theirs }, table)
  }
  const rows = maps.find(m => m.name === 'syscall_rows')
  assert.equal([rows?.keySize, rows?.valueSize], [syscallKey.size, syscallValue.size])
})

test('record type numbers are those of the C enum, and never change', () => {
  const source = readFileSync('bpf/lib/records.h', 'utf8')
  const numbers = new Map([...source.matchAll(/^\tTAPIO_([A-Z_]+) = (\d+),/gm)].map(m => [(m[1] as string).toLowerCase(), Number(m[2])]))
  numbers.delete('record_types')
  assert.equal(Object.fromEntries(Object.entries(recordTable).map(([name, { id }]) => [name, id])), Object.fromEntries(numbers))
  assert.equal(Object.values(recordTable).map(r => r.id), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
})

test('counters have a row for every record type and are as wide as they are read', () => {
  const counters = objects.get('memory')?.maps.find(m => m.name === 'counters')
  assert.is(counters?.valueSize, 32)
  assert.ok((counters?.maxEntries ?? 0) > Math.max(...Object.values(recordTable).map(r => r.id)))
})

test('maps that objects share have the same shape in each', () => {
  const shapes = new Map<string, string>()
  for (const { maps } of objects.values()) {
    for (const { name, type, keySize, valueSize, maxEntries, flags } of maps) {
      const shape = JSON.stringify({ type, keySize, valueSize, maxEntries, flags })
      assert.is(shapes.get(name) ?? shape, shape, name)
      shapes.set(name, shape)
    }
  }
  assert.ok(shapes.has('events') && shapes.has('cgroup_set'))
})

test('settings are written where the program reads them, and an unknown one is refused', () => {
  const object = readObject('network')
  const bytes = object.writeSettings({ filters: 0x11, slow_connect_ns: 123456789012n })
  const struct = structOf(object.btf, 'tapio_settings')
  const at = (name: string): number => object.btf.members(struct).find(m => m.name === name)?.offset ?? -1
  assert.is(bytes.readUInt32LE(at('filters')), 0x11)
  assert.is(bytes.readBigUInt64LE(at('slow_connect_ns')), 123456789012n)
  assert.throws(() => object.writeSettings({ nonsense: 1 }), /no setting nonsense/)
})

test.run()
