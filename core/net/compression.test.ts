import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compress, compressions, decompress } from './compression.js'
import { loadZstd } from './zstd.js'

const text = Buffer.from(Array.from({ length: 5000 }, (_, i) => `GET /cart/${i % 37} trace ${i * 7919}`).join('\n'))

for (const compression of compressions) {
  for (const body of [Buffer.alloc(0), Buffer.from('x'), text, Buffer.alloc(3_000_000, 'spans')]) {
    test(`${compression} gives back ${body.length} bytes`, async () => {
      const out = await decompress(compression, await compress(compression, body), Math.max(1, body.length))
      assert.is(out.status, 'ok')
      if (out.status === 'ok') assert.ok(out.body.equals(body))
    })
  }

  for (const size of [100_000, 5_000_000, 100_000_000]) {
    test(`${compression} refuses a body that becomes ${size} bytes where one fewer is allowed`, async () => {
      const bomb = await compress(compression, Buffer.alloc(size))
      assert.is((await decompress(compression, bomb, size - 1)).status, 'too_large')
      assert.is((await decompress(compression, bomb, 1000)).status, 'too_large')
    })
  }

  test(`${compression}: what is not compressed, cut short or scribbled over is malformed or other bytes, never an exception`, async () => {
    const whole = await compress(compression, text)
    for (const body of [Buffer.alloc(0), Buffer.from('garbage, garbage'), whole.subarray(0, whole.length - 5), whole.subarray(0, 3)]) {
      assert.is((await decompress(compression, body, 1e6)).status, 'malformed')
    }
    let seed = 1
    for (let i = 0; i < 500; i++) {
      const changed = Buffer.from(whole)
      seed = (seed * 48271) % 2147483647
      const at = seed % changed.length
      changed[at] = (changed[at] as number) ^ 1 << seed % 8
      const out = await decompress(compression, changed, 1e6)
      assert.ok(['ok', 'malformed', 'too_large'].includes(out.status))
      if (out.status === 'ok') assert.ok(out.body.length <= 1e6)
    }
  })
}

test('a Zstandard frame that does not say its size is read up to the limit', async () => {
  // Made by a streaming encoder: header without content size, one compressed block that repeats a byte 100,000 times.
  const { compress: pack } = await loadZstd()
  const known = pack(Buffer.alloc(100_000, 'a'))
  const unknown = withoutSize(known)
  const out = await decompress('zstd', unknown, 100_000)
  assert.is(out.status, 'ok')
  if (out.status === 'ok') assert.ok(out.body.equals(Buffer.alloc(100_000, 'a')))
  assert.is((await decompress('zstd', unknown, 99_999)).status, 'too_large')
})

/** The same frame with a window descriptor (128 KiB) in place of the content size. */
function withoutSize (frame: Buffer): Buffer {
  const descriptor = frame[4] as number
  const width = descriptor >> 6 === 0 ? 1 : 1 << (descriptor >> 6)
  assert.is(descriptor >> 5 & 1, 1, 'a single segment')
  return Buffer.concat([frame.subarray(0, 4), Buffer.from([descriptor & 0x1f, 7 << 3]), frame.subarray(5 + width)])
}

test.run()
