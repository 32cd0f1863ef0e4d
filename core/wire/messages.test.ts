import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeBatch } from '../data/decode.js'
import { encodeBatch, prepareBatch } from '../data/codec.js'
import { randomBatch } from '../data/testing/random-batch.js'
import { seeded } from '../data/testing/random.js'
import { batchHeadLength, encodeAck, encodeBatchMessage, encodeHello, encodeWelcome, maxIdLength, readFromCollector, readFromServer, renumber } from './messages.js'

const test = suite('wire messages')
const long = process.env['TAPIO_TEST_LONG'] === '1'

test('every message is read as it was written', () => {
  assert.equal(readFromCollector(encodeHello({ collector: 'node-1/kubernetes', epoch: 'e', acked: 7 })), { kind: 'hello', version: 1, collector: 'node-1/kubernetes', epoch: 'e', acked: 7 })
  const acks = [{ sequence: 2 ** 40, count: 0, reason: '' }, { sequence: 3, count: 2, reason: 'no', rows: Uint32Array.of(0, 70_000) }]
  for (const ack of acks) assert.equal(readFromServer(encodeAck(ack)), { kind: 'ack', ...ack })
  const welcome = { taken: 9, maxBytes: 4 << 20, remembered: 100, rejections: acks.map(a => ({ kind: 'ack' as const, ...a })) }
  assert.equal(readFromServer(encodeWelcome(welcome)), { kind: 'welcome', version: 1, ...welcome })
})

test('a batch comes through bit for bit, and can be given another sequence', () => {
  const batch = randomBatch(seeded(3), 40, { raw: true })
  const message = encodeBatchMessage(5, prepareBatch(batch, true))
  const read = readFromCollector(message)
  assert.ok(read.kind === 'batch' && read.sequence === 5)
  assert.ok(read.kind === 'batch' && read.document.equals(encodeBatch(batch, true)))
  assert.is(message.length - batchHeadLength, read.kind === 'batch' ? read.document.length : 0)
  renumber(message, 2 ** 50)
  const again = readFromCollector(message)
  assert.ok(again.kind === 'batch' && again.sequence === 2 ** 50 && decodeBatch(again.document).ok)
})

for (const [what, bytes, words] of [
  ['nothing', Buffer.alloc(0), /truncated/],
  ['a map', Buffer.from([0x80]), /not an array/],
  ['no type', Buffer.from([0x90]), /message type undefined/],
  ['an unknown type', Buffer.from([0x91, 9]), /message type 9/],
  ['a batch cut off', encodeBatchMessage(1, prepareBatch(randomBatch(seeded(1), 3), true)).subarray(0, 40), /truncated/],
  ['bytes after the message', Buffer.concat([encodeHello({ collector: 'a', epoch: 'b', acked: 0 }), Buffer.of(0)]), /after the value/],
  ['a collector without a name', encodeHello({ collector: '', epoch: 'b', acked: 0 }), /collector id/],
  ['a name that is too long', encodeHello({ collector: 'a'.repeat(maxIdLength + 1), epoch: 'b', acked: 0 }), /collector id/],
  ['a sequence that is none', Buffer.from([0x93, 2, 0xff, 0xc4, 0]), /sequence/],
  ['a document that is text', Buffer.from([0x93, 2, 1, 0xa1, 0x61]), /not binary/]
] as const) {
  test(`${what} is told as such`, () => {
    const read = readFromCollector(bytes)
    assert.is(read.kind, 'malformed')
    assert.match(read.kind === 'malformed' ? read.reason : '', words)
  })
}

test('items added by a later version are ignored', () => {
  const hello = readFromCollector(Buffer.from([0x96, 1, 1, 0xa1, 0x61, 0xa1, 0x62, 0, 0x05]))
  assert.equal(hello, { kind: 'hello', version: 1, collector: 'a', epoch: 'b', acked: 0 })
})

/** Guarantees: whatever the bytes, an answer and no exception, from both readers and the document's. */
test('no bytes make a reader throw', () => {
  const random = seeded(11)
  const valid = [
    encodeHello({ collector: 'node', epoch: 'x', acked: 3 }), encodeAck({ sequence: 3, count: 1, reason: 'r', rows: Uint32Array.of(1) }),
    encodeWelcome({ taken: 1, maxBytes: 1, remembered: 1, rejections: [{ kind: 'ack', sequence: 1, count: 1, reason: '' }] }),
    encodeBatchMessage(1, prepareBatch(randomBatch(random, 5, { raw: true }), false))
  ]
  let [malformed, read] = [0, 0]
  for (let i = 0; i < (long ? 300_000 : 20_000); i++) {
    const bytes = Buffer.from(valid[random.below(valid.length)] as Buffer)
    for (let n = random.below(4); n >= 0; n--) bytes[random.below(bytes.length)] = random.below(256)
    const cut = random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
    for (const message of [readFromCollector(cut), readFromServer(cut)]) {
      if (message.kind === 'malformed') malformed++
      else read++
      if (message.kind === 'batch') decodeBatch(message.document)
    }
  }
  assert.ok(malformed > 1000 && read > 1000, `${malformed} malformed, ${read} read`)
})

test.run()
