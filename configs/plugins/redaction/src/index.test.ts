import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rejected, type EventBatch, type EventInput, type Outcome, type Processor } from 'tapio/plugin'
import { contractTests, eventBatch, events, testBench } from 'tapio/testing'
import { redaction, type RedactionConfig } from './index.js'
import { countIn, passesLuhn, replaceIn, rules } from './rules.js'

for (const { name, run } of contractTests(redaction)) test(name, run)

const defaults: RedactionConfig = { keys: ['password', 'authorization'], patterns: ['credit_card', 'email', 'jwt', 'bearer', 'aws_key', 'ip'], action: 'mask' }

async function redact (config: Partial<RedactionConfig>, ...inputs: EventInput[]) {
  const { services, next, meter } = testBench('processor', 'redaction', { ...defaults, ...config })
  const processor = await redaction.create(services) as Processor
  const give = async (batch: EventBatch): Promise<Outcome> => await processor.consume(batch)
  await give(eventBatch(...inputs))
  return { out: events(...next.batches), give, next, meter }
}

const all = Object.values(rules)
const stars = (text: string): string => '*'.repeat(text.length)
const card = '4111 1111 1111 1111'
const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl'

test('what is a secret, and what only looks like one', () => {
  const mask = (text: string): string => replaceIn(text, all, rule => `<${rule}>`)
  assert.equal(mask(`pay ${card} now`), 'pay <credit_card> now')
  assert.equal(mask('4111111111111112 fails Luhn'), '4111111111111112 fails Luhn')
  assert.equal(mask('at 1767225600000000000 ns'), 'at 1767225600000000000 ns')
  assert.equal(mask('mail a.b+c@shop.example.org, please'), 'mail <email>, please')
  assert.equal(mask(`cookie ${token};`), 'cookie <jwt>;')
  assert.equal(mask('Authorization: Bearer abcdef0123456789=='), 'Authorization: <bearer>')
  assert.equal(mask('key AKIAIOSFODNN7EXAMPLE'), 'key <aws_key>')
  assert.equal(mask('from 10.1.2.3:80, version 1.2.3'), 'from <ip>:80, version 1.2.3')
  assert.ok(passesLuhn('378282246310005') && !passesLuhn('378282246310006'))
})

test('no text takes longer than its length', () => {
  const worst = ['1 '.repeat(50_000), '1'.repeat(100_000), 'a'.repeat(100_000), 'a@'.repeat(50_000), 'a.'.repeat(50_000), `a@${'b.'.repeat(50_000)}`, 'eyJ'.repeat(33_000), `eyJ${'a'.repeat(100_000)}`, 'eyJaaaaa.'.repeat(11_000), 'bearer '.repeat(14_000), `bearer ${'a'.repeat(100_000)}`, '1.1.1.'.repeat(16_000), 'AKIA'.repeat(25_000)]
  const times = worst.map(text => { const startedMs = performance.now(); countIn(text, all); return performance.now() - startedMs })
  // 100 kB each; a pattern that looks back for each character would take minutes.
  assert.ok(Math.max(...times) < 5000, times.map(t => t.toFixed(0)).join())
})

test('attributes by name and by what is in them; nested values too', async () => {
  const { out, meter } = await redact({}, { signal: 'logs', message: 'fine', attributes: { password: 'x', note: `card ${card}`, list: ['a@b.example', { deep: token }], n: 5 } })
  assert.deepEqual(out[0]?.attributes, { password: '****', note: `card ${stars(card)}`, list: ['***********', { deep: stars(token) }], n: 5 })
  assert.equal(out[0]?.message, 'fine')
  assert.deepEqual(['key', 'credit_card', 'email', 'jwt'].map(rule => meter.values.get(`redaction_redacted{rule="${rule}"}`)), [1, 1, 1, 1])
})

test('bodies, names, status messages and resources', async () => {
  const { out } = await redact({}, { signal: 'logs', message: `paid by ${card}`, resource: { 'service.name': 'shop', password: 'p', owner: 'a@b.example' } }, { signal: 'traces', name: 'GET /u/a@b.example', statusMessage: '10.0.0.1 refused', attributes: { k: 1 } })
  const [log, span] = [out.find(e => e.signal === 'logs'), out.find(e => e.signal === 'traces')]
  assert.equal(log?.message, `paid by ${stars(card)}`)
  assert.deepEqual(log?.resource, { 'service.name': 'shop', password: '****', owner: '***********' })
  assert.deepEqual([span?.name, span?.statusMessage, span?.attributes], ['GET /u/***********', '******** refused', { k: 1 }])
})

test('hash keeps equal secrets equal, remove leaves nothing', async () => {
  const rows: EventInput[] = [1, 2].map(() => ({ signal: 'logs', attributes: { authorization: 'abc', mail: 'to a@b.example' } }))
  const hashed = (await redact({ action: 'hash', hash_key: 'a key of enough length' }, ...rows)).out
  assert.match(String(hashed[0]?.attributes['authorization']), /^[0-9a-f]{16}$/)
  assert.deepEqual(hashed[0]?.attributes, hashed[1]?.attributes)
  const removed = (await redact({ action: 'remove' }, ...rows)).out
  assert.deepEqual(removed[0]?.attributes, { mail: 'to ***********' })
  assert.match(redaction.check?.({ ...defaults, action: 'hash' })[0]?.message ?? '', /at least 16 characters, found 0/)
})

test('a rejected row has the number it came with', async () => {
  const { give, next } = await redact({}, { signal: 'logs', message: 'x' })
  next.answer = b => rejected('the last', 1, Uint32Array.of(b.count - 1))
  // The one with the secret goes on behind the other.
  assert.deepEqual(await give(eventBatch({ signal: 'logs', message: card }, { signal: 'logs', message: 'fine' })), rejected('the last', 1, Uint32Array.of(0)))
})
