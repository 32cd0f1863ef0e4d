import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { textSign } from './signs-text.js'
import { TextMemo } from './text-memo.js'

test('the same kind of text is looked at once', () => {
  let looks = 0
  const memo = new TextMemo((text, severity) => { looks++; return textSign(text, severity) })
  const of = (order: number): unknown => memo.of(`could not write order ${order}: no space left on device`, 17)?.sign
  assert.equal([of(12_345), of(54_321), of(9999)], ['app.no_space', 'app.no_space', 'app.no_space'])
  assert.is(looks, 2)
})

test('what is in the answer is never taken from another text', () => {
  const memo = new TextMemo(textSign)
  const peer = (port: number): unknown => memo.of(`dial tcp mysql.shop.svc:${port}: connect: connection refused`, 17)?.detail
  assert.equal([peer(3306), peer(3307)], [{ peer: 'mysql.shop.svc:3306' }, { peer: 'mysql.shop.svc:3307' }])
})

test('with it and without it the answer is the same', () => {
  const random = seeded(11)
  const forms = [
    (n: string) => `lookup db${n}.shop on 10.0.0.10:53: no such host`, (n: string) => `connect ECONNREFUSED 10.0.0.7:${n}`, (n: string) => `connection to server at "db" (10.0.0.4), port ${n} failed: Connection refused`,
    (n: string) => `"GET /cart/${n} HTTP/1.1" 503 ${n}`, (n: string) => `request ${n} timed out after ${n} ms`, (n: string) => `worker ${n}: relation "orders_${n}" does not exist`, (n: string) => `HTTPConnectionPool(host='cart', port=${n}): Max retries exceeded: Connection refused`,
    (n: string) => `panic: order ${n}`, (n: string) => `${n} errors found`, (n: string) => `Connection to redis ${n} refused`, (n: string) => `failed ${n} times, 0 errors`, (n: string) => `topic ${n} not found`
  ]
  const memo = new TextMemo(textSign)
  for (let i = 0; i < 5000; i++) {
    const n = random.chance(0.2) ? `${random.word().toString(16)}${random.word().toString(16)}${random.word().toString(16)}` : String(random.below(10 ** (1 + random.below(8))))
    const text = random.pick(forms)(n)
    assert.equal(memo.of(text, 17), textSign(text, 17), text)
  }
})

test.run()
