import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { oracleDecode, oracleRecords } from '../../../core/otlp/testing/oracle.js'
import { countSpans, emptyTally, type Tally } from './count.js'
import { payloads, type Payload } from './payload.js'

const tallyOf = (...requests: readonly Buffer[]): Tally => {
  const tally = { ...emptyTally }
  for (const request of requests) countSpans(request, tally)
  return tally
}

test('the sink finds the spans and ids that the payload says it holds, and protobufjs agrees on their number', () => {
  for (const { body, spans, sum } of payloads(3, 20)) {
    assert.equal(tallyOf(body), { spans, sum, enriched: 0 })
    assert.is(oracleRecords('traces', oracleDecode('traces', body) ?? {}).length, spans)
  }
})

test('a request that came twice, or one in place of another, shows', () => {
  const [a, b] = payloads(2, 20) as [Payload, Payload]
  assert.is.not(tallyOf(a.body, a.body).sum, tallyOf(a.body, b.body).sum)
  const changed = Buffer.from(a.body)
  const id = changed.indexOf(Buffer.from([2 << 3 | 2, 8]), 300)
  changed[id + 5] = (changed[id + 5] as number) ^ 1
  assert.is.not(tallyOf(changed).sum, a.sum)
})

test('a span is about as large as those of the measurements it is compared with', () => {
  const [{ body }] = payloads(1, 1000) as [Payload]
  assert.ok(body.length / 1000 > 340 && body.length / 1000 < 420, `${body.length / 1000} bytes a span`)
})

test.run()
