import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from './builder.js'
import { encodeFrame, fileHeader, frameHeadLength, headerLength, newMarker } from './file-format.js'
import { readFrames, type FileItem } from './read-frames.js'
import { readJsonLines } from './read-lines.js'
import { seeded, type Random } from './testing/random.js'

const limit = 1 << 20

async function * chunksOf (bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read (bytes: Buffer, chunk = 1000, max = limit): Promise<{ names: string[], damage: Extract<FileItem, { kind: 'damage' }>[] }> {
  const names: string[] = []
  const damage: Extract<FileItem, { kind: 'damage' }>[] = []
  for await (const item of readFrames(chunksOf(bytes, chunk), max)) {
    if (item.kind === 'batch') names.push(item.batch.at(0).get('name') ?? '')
    else damage.push(item)
  }
  return { names, damage }
}

function frames (count: number, marker: Buffer, extra = ''): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const builder = new BatchBuilder()
    builder.append({ name: `batch ${i}`, message: extra })
    return encodeFrame(builder.finish(), marker)
  })
}

const named = (...numbers: number[]): string[] => numbers.map(i => `batch ${i}`)

test('whole files come back whole, in chunks of any size', async () => {
  const marker = newMarker()
  const file = Buffer.concat([fileHeader(marker), ...frames(5, marker)])
  for (const chunk of [1, 7, 100, 65536]) assert.equal(await read(file, chunk), { names: named(0, 1, 2, 3, 4), damage: [] })
  assert.equal(await read(fileHeader(marker)), { names: [], damage: [] })
  assert.equal(await read(Buffer.alloc(0)), { names: [], damage: [] })
})

test('a file cut off anywhere gives every batch that is whole', async () => {
  const marker = newMarker()
  const all = frames(3, marker)
  const file = Buffer.concat([fileHeader(marker), ...all])
  const ends = all.map((_, i) => headerLength + all.slice(0, i + 1).reduce((n, f) => n + f.length, 0))
  for (let length = headerLength; length < file.length; length++) {
    const { names, damage } = await read(file.subarray(0, length))
    const whole = ends.filter(e => e <= length).length
    assert.is(names.length, whole, `cut at ${length}`)
    assert.is(damage.reduce((n, d) => n + d.bytes, 0), length - (ends[whole - 1] ?? headerLength))
  }
})

test('what was appended after a cut-off frame is read', async () => {
  const marker = newMarker()
  const [a, b, c] = frames(3, marker) as [Buffer, Buffer, Buffer]
  for (let length = 1; length < b.length; length++) {
    const { names, damage } = await read(Buffer.concat([fileHeader(marker), a, b.subarray(0, length), c]))
    assert.equal(names, named(0, 2), `cut at ${length}`)
    assert.equal(damage.map(d => d.bytes), [length])
  }
})

test('a damaged header is made up for by the first frame, and text that looks like a frame is none', async () => {
  const marker = newMarker()
  const inner = frames(1, newMarker())[0] as Buffer
  const all = frames(3, marker, inner.toString('latin1'))
  const file = Buffer.concat([fileHeader(marker), ...all])
  file[3] = 0
  assert.equal((await read(file)).names, named(0, 1, 2))
  // Another byte than there was: markers are random.
  const at = headerLength + (all[0] as Buffer).length + 5
  file[at] = (file[at] as number) ^ 0xff
  assert.equal((await read(Buffer.concat([fileHeader(marker), file.subarray(headerLength)]))).names, named(0, 2))
  const foreign = await read(Buffer.from('root:x:0:0:root:/root:/bin/bash\n'.repeat(10)))
  assert.equal([foreign.names.length, foreign.damage.length], [0, 1])
})

test('a frame larger than allowed is passed over', async () => {
  const marker = newMarker()
  const [small] = frames(1, marker) as [Buffer]
  const [large] = frames(1, marker, 'x'.repeat(5000)) as [Buffer]
  const { names, damage } = await read(Buffer.concat([fileHeader(marker), small, large, small]), 300, 4000)
  assert.equal(names, named(0, 0))
  assert.match(damage[0]?.reason ?? '', /at most 4000 are read/)
})

test('random damage loses just the frames it touches, and never more', async () => {
  const rounds = process.env.TAPIO_TEST_LONG === '1' ? 20_000 : 1500
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seeded(seed)
    const marker = newMarker()
    const all = frames(6, marker, 'm'.repeat(random.below(400)))
    const file = Buffer.concat([fileHeader(marker), ...all])
    const hit = damageSome(file, random)
    const untouched = all.map((f, i) => ({ i, from: headerLength + all.slice(0, i).reduce((n, g) => n + g.length, 0), length: f.length }))
      .filter(f => !hit.some(at => at >= f.from && at < f.from + f.length)).map(f => f.i)
    const { names, damage } = await read(file, 1 + random.below(500))
    assert.equal(names, named(...untouched), `seed ${seed}`)
    assert.is(damage.length > 0, untouched.length < 6, `seed ${seed}`)
  }
})

/** Changes some bytes behind the header; returns where. */
function damageSome (file: Buffer, random: Random): number[] {
  const hit = new Set<number>()
  for (let n = 1 + random.below(4); n > 0; n--) {
    const at = headerLength + frameHeadLength + random.below(file.length - headerLength - frameHeadLength)
    for (let i = at; i < Math.min(file.length, at + 1 + random.below(30)); i++) {
      if (hit.has(i)) continue
      file[i] = (file[i] as number) ^ (1 + random.below(255))
      hit.add(i)
    }
  }
  return [...hit]
}

test('random bytes are never a crash', async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seeded(seed)
    const bytes = Buffer.from(Array.from({ length: random.below(3000) }, () => random.below(256)))
    const marker = newMarker()
    const { names, damage } = await read(random.chance(0.5) ? bytes : Buffer.concat([fileHeader(marker), bytes]), 1 + random.below(300))
    assert.is(names.length, 0)
    assert.is(damage.reduce((n, d) => n + d.bytes, 0), bytes.length)
  }
})

test('lines that are no event are passed over one by one, long ones without being kept', async () => {
  const lines = ['{"name":"a"}', '', 'nonsense', '{"name":"b"}', `{"message":"${'x'.repeat(2000)}"}`, '{"name":7}', '{"name":"c"}']
  for (const chunk of [1, 10, 10_000]) {
    const names: string[] = []
    const damage: string[] = []
    for await (const item of readJsonLines(chunksOf(Buffer.from(lines.join('\n')), chunk), { rows: 2, maxLineBytes: 1000 })) {
      if (item.kind === 'batch') names.push([...item.batch].map(r => r.get('name')).join())
      else damage.push(`${item.offset} ${item.bytes}`)
    }
    assert.equal(names, ['a', 'b', 'c'], `chunks of ${chunk}`)
    assert.equal(damage, ['14 8', '36 2015', '2051 10'].slice(0, damage.length), `chunks of ${chunk}`)
    assert.is(damage.length, 3)
  }
})

test.run()
