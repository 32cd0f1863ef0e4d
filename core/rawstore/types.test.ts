import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeFields, decodeTypes, encodeTypes, type RawField, type RawType } from './types.js'

const all: RawType = {
  id: 3,
  name: 'exec',
  fields: {
    small: { kind: 'u8', offset: 0, size: 1 },
    family: { kind: 'u16', offset: 2, size: 2 },
    signed: { kind: 'i32', offset: 4, size: 4 },
    big: { kind: 'u64', offset: 8, size: 8 },
    comm: { kind: 'text', offset: 16, size: 8 },
    'flow.address': { kind: 'address', offset: 24, size: 16, family: 'family' },
    nameLength: { kind: 'u16', offset: 40, size: 2 },
    argsLength: { kind: 'u16', offset: 42, size: 2 },
    filename: { kind: 'text', offset: 44, size: 100, take: 'nameLength' },
    args: { kind: 'words', offset: 44, size: 100, skip: 'nameLength', take: 'argsLength' },
    end: { kind: 'bytes', offset: 60, size: 100 }
  }
}

function record (): Buffer {
  const bytes = Buffer.alloc(64)
  bytes[0] = 255
  bytes.writeUInt16LE(2, 2)
  bytes.writeInt32LE(-1, 4)
  bytes.writeBigUInt64LE(2n ** 64n - 1n, 8)
  bytes.write('ä.out\0junk', 16)
  bytes.set([10, 1, 2, 3], 24)
  bytes.writeUInt16LE(4, 40)
  bytes.writeUInt16LE(8, 42)
  bytes.write('/lssls\0-l x\0zz', 44)
  return bytes
}

test('the description survives being written', () => {
  assert.equal(decodeTypes(encodeTypes([all])), [all])
})

test('every kind of field, and parts whose length another field says', () => {
  const { end, ...fields } = decodeFields(all, record())
  assert.equal(fields, { small: 255, family: 2, signed: -1, big: 2n ** 64n - 1n, comm: 'ä.out', 'flow.address': '10.1.2.3', nameLength: 4, argsLength: 8, filename: '/lss', args: ['ls', '-l x'] })
  assert.is((end as Uint8Array).length, 4)
})

test('a record that ends early has the fields it is long enough for', () => {
  assert.equal(decodeFields(all, record().subarray(0, 18)), { small: 255, family: 2, signed: -1, big: 2n ** 64n - 1n, comm: 'ä' })
  assert.equal(decodeFields(all, Buffer.alloc(0)), {})
})

const address = (family: number, hex: string): unknown => {
  const fields: Record<string, RawField> = { f: { kind: 'u8', offset: 0, size: 1 }, a: { kind: 'address', offset: 1, size: 16, family: 'f' } }
  return decodeFields({ id: 1, name: 'x', fields }, Buffer.concat([Buffer.from([family]), Buffer.from(hex, 'hex')]))['a']
}

test('addresses in text', () => {
  assert.is(address(10, '20010db8000000000000000000000001'), '2001:db8::1')
  assert.is(address(10, '0'.repeat(32)), '::')
  assert.is(address(2, 'c0a80001' + '0'.repeat(24)), '192.168.0.1')
  assert.is(address(1, '0'.repeat(32)), '', 'of another family')
  assert.is(address(10, 'ff'), '', 'cut off')
})

test.run()
