import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from '../data/builder.js'
import { severityName } from '../data/enums.js'
import type { EventRow } from '../data/row.js'
import { randomBatch } from '../data/testing/random-batch.js'
import { seeded, type Random } from '../data/testing/random.js'
import { Conditions, conditionFaults } from './conditions.js'
import type { Condition, Matcher } from './schema.js'

/** What a person reads in the README, on one row at a time: the slow truth that the columns are compared with. */
function holds (row: EventRow, field: string, matcher: Matcher): boolean {
  const value = valueOf(row, field)
  if (matcher.exists === false) return value === undefined
  if (value === undefined) return false
  if (matcher.equals !== undefined && ![matcher.equals].flat().some(wanted => equal(field, value, wanted))) return false
  if (matcher.regex !== undefined && !(typeof value === 'string' && new RegExp(matcher.regex).test(value))) return false
  const number = typeof value === 'bigint' ? Number(value) : value
  if (matcher.min !== undefined && !(typeof number === 'number' && number >= limit(field, matcher.min))) return false
  return matcher.max === undefined || (typeof number === 'number' && number <= limit(field, matcher.max))
}

function valueOf (row: EventRow, field: string): unknown {
  if (field.startsWith('attributes.')) return row.attribute(field.slice(11))
  if (field.startsWith('resource.')) return Object.getOwnPropertyDescriptor(row.resource.attributes, field.slice(9))?.value as unknown
  if (field === 'scope.name') return row.scope.name || undefined
  if (field === 'type' || field === 'signal') return row[field]
  if (field === 'severity') return row.get('severity') || undefined
  return row.get(field as 'name')
}

function equal (field: string, value: unknown, wanted: unknown): boolean {
  if (field === 'severity' && typeof wanted === 'string') return severityName(value as number) === wanted
  return typeof value === 'bigint' ? Number(value) === wanted : value === wanted
}

function limit (field: string, operand: number | string): number {
  if (field === 'durationNano') return Number(String(operand).replace('ms', '')) * 1e6
  return Number(operand)
}

const values = ['GET', '/cart/{id}', true, 0, 1, 1.5, 2 ** 53 - 1]

function randomMatcher (random: Random, field: string): Matcher {
  if (random.chance(0.15) && field !== 'type' && field !== 'signal') return { exists: random.chance(0.5) }
  switch (field) {
    case 'type': return { equals: random.pick([['span', 'log'], 'network', ['cpu', 'disk', 'memory']]) }
    case 'signal': return random.pick([{ equals: 'logs' }, { regex: '^(traces|metrics)$' }])
    case 'severity': return random.pick<Matcher>([{ equals: 'error' }, { equals: [9, 17] }, { min: 13 }, { min: 5, max: 20 }])
    case 'pid': case 'bytes': return random.pick<Matcher>([{ min: 1000 }, { max: 2 ** 31 }, { min: 1, max: 2 ** 40, exists: true }])
    case 'durationNano': return { min: '100ms', max: '9000000000ms' }
    default: return random.pick<Matcher>([{ equals: random.pick(values) }, { equals: ['GET', 'http', 'cart', 1] }, { regex: '[a-c]+t?$' }, { regex: 'e|T|\\{' }])
  }
}

const textFields = ['name', 'message', 'source', 'comm', 'scope.name']
const fields = ['type', 'signal', 'severity', 'pid', 'bytes', 'durationNano', ...textFields, 'attributes.http.route', 'attributes.app.retry', 'attributes.__proto__', 'resource.service.name', 'resource.ports']

test('random conditions on random batches agree with a plain reading of each row', () => {
  const rounds = process.env.TAPIO_TEST_LONG === '1' ? 20_000 : 1500
  let hits = 0
  let asked = 0
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seeded(seed)
    const batch = randomBatch(random, random.below(30), { raw: true })
    const list: Condition[] = Array.from({ length: 1 + random.below(3) }, () => Object.fromEntries(Array.from({ length: 1 + random.below(2) }, () => {
      const field = random.pick(fields)
      let matcher = randomMatcher(random, field)
      // Text columns hold text: other operands are read as text, which the reference does not do.
      if (textFields.includes(field) && matcher.equals !== undefined) matcher = { equals: [matcher.equals].flat().filter((v): v is string => typeof v === 'string').concat('GET') }
      return [field, matcher]
    })))
    assert.equal(conditionFaults(list, []), [], `seed ${seed}`)
    const mask = new Conditions(list).match(batch)
    for (let row = 0; row < batch.count; row++) {
      const expected = list.some(c => Object.entries(c).every(([field, matcher]) => holds(batch.at(row), field, matcher as Matcher)))
      assert.is(mask[row] === 1, expected, `seed ${seed} row ${row} ${JSON.stringify(list)}`)
      asked++
      if (expected) hits++
    }
  }
  assert.ok(hits > asked / 100 && hits < asked, 'the test must see both answers')
  console.log(`\nREPORT conditions: ${asked} rows compared, ${hits} matched`)
})

test('ids, times, enums and short forms mean what the README says', () => {
  const builder = new BatchBuilder()
  builder.append({ name: 'a', message: 'hello', type: 'span', severity: 18, spanKind: 2, statusCode: 2, traceId: '0af7651916cd43dd8448eb211c80319c', timeUnixNano: BigInt(Date.UTC(2026, 0, 2)) * 1_000_000n, confidence: 0.8 })
  builder.append({ name: 'b', type: 'log', severity: 0, timeUnixNano: BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n, uid: 0 })
  const batch = builder.finish()
  const match = (condition: Condition): string => [...new Conditions([condition]).match(batch)].join('')
  assert.is(match({ name: 'a' }), '10')
  assert.is(match({ name: ['a', 'b'] }), '11')
  assert.is(match({ severity: 'error' }), '10', 'a name covers the numbers up to the next')
  assert.is(match({ severity: { max: 'critical' } }), '10', 'an unspecified severity is not "at most"')
  assert.is(match({ severity: 'unspecified' }), '01')
  assert.is(match({ severity: { min: 'WARN' } }), '10')
  assert.is(match({ spanKind: 'server' }), '10')
  assert.is(match({ statusCode: 'error' }), '10')
  assert.is(match({ traceId: '0AF7651916CD43DD8448EB211C80319C' }), '10')
  assert.is(match({ traceId: { exists: false } }), '01')
  assert.is(match({ timeUnixNano: { min: '2026-01-01T12:00:00Z' } }), '10')
  assert.is(match({ confidence: 0.8 }), '10')
  assert.is(match({ uid: 0 }), '01', '0 is root, not absent')
  assert.is(match({ uid: { exists: true } }), '01')
  assert.is(match({ message: { regex: '^$' } }), '00', 'an absent text is not an empty one')
  assert.is(match({ 'attributes.no': { exists: false } }), '11')
  assert.is([...new Conditions([]).match(batch)].join(''), '00', 'an empty list matches nothing')
})

test('wrong conditions become faults that name the key and what is allowed', () => {
  const table: [Condition, RegExp][] = [
    [{ nam: 'x' }, /no field "nam"; did you mean "name"/],
    [{ severity: 'loud' }, /"loud" is not a severity/],
    [{ type: 'planet' }, /"planet" is not one of unknown, system/],
    [{ name: { min: 3 } }, /`min` does not apply to `name`; use `equals`, `regex`, `exists`/],
    [{ name: { regex: '(' } }, /missing closing \)/],
    [{ name: { regex: 'a(?=b)' } }, /invalid or unsupported Perl syntax/],
    [{ name: { regex: 'x'.repeat(1001) } }, /at most 1000 characters/],
    [{ name: { exists: false, equals: 'x' } }, /stands alone/],
    [{ name: {} }, /at least one of/],
    [{ durationNano: { min: 200 } }, /a duration such as 200ms/],
    [{ timeUnixNano: { max: 'yesterday' } }, /a time such as/],
    [{ pid: 'many' }, /expected a number/],
    [{ traceId: 'abc' }, /32 hex digits/],
    [{ 'attributes.': 'x' }, /needs a key/]
  ]
  for (const [condition, message] of table) {
    const [fault] = conditionFaults([{ name: 'fine' }, condition], ['include'])
    assert.match(fault?.message ?? 'no fault', message)
    assert.equal(fault?.path.slice(0, 2), ['include', 1])
    assert.throws(() => new Conditions([condition]))
  }
})

test('a pattern that would stop a backtracking engine answers like any other', () => {
  const builder = new BatchBuilder()
  builder.append({ message: 'a'.repeat(50_000) + 'b' })
  builder.append({ message: 'aaa' })
  const mask = new Conditions([{ message: { regex: '^(a+)+$' } }, { message: { regex: '(x|x?)*(x|x?)*y' } }]).match(builder.finish())
  assert.is([...mask].join(''), '01')
})

test.run()
