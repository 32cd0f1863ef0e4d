/** Scenario: texts of all kinds written by protobuf's runtime as it is set up here and as it comes. Guarantees: the same bytes. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventSchema } from '../gen/tapio/v1/event_pb.js'
import { writeTextFast } from './utf8.js'

const texts = ['', 'a', 'GET /cart', 'zażółć gęślą jaźń', '\u{1f600}', '\u0000', 'lone \ud800 half', 'x'.repeat(100_000), 'ż'.repeat(10_000)]

test('bytes are the same', () => {
  const event = create(EventSchema, { message: texts.join('|'), attributes: Object.fromEntries(texts.map(t => [`k${t.slice(0, 20)}`, t])) })
  const before = toBinary(EventSchema, event)
  writeTextFast()
  const after = toBinary(EventSchema, event)
  assert.is(Buffer.compare(before, after), 0)
  assert.is(fromBinary(EventSchema, after).message, Buffer.from(event.message).toString())
})

test.run()
