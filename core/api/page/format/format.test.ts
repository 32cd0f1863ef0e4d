// Scenario: times, numbers, entities and questions as people and the API write them.
// Guarantees: at most two units, no 60 s and no 1000k; what is typed as an entity is read as it is shown; empty filters ask nothing.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { queryText } from '../data/query.js'
import { eventFilter } from '../events/filter.js'
import { fits, includesAll } from '../incidents/filter.js'
import { entityOf, entityText, shortened } from './entity.js'
import { bytes, count, num, percent, short } from './number.js'
import { ago, durationMs, msOf, span } from './time.js'

const table = <T,>(name: string, of: (value: T) => unknown, rows: readonly (readonly [T, unknown])[]): void => { test(name, () => { for (const [value, wanted] of rows) assert.equal(of(value), wanted, `${name} of ${String(value)}`) }) }

table('span', span, [[0, '0 ms'], [0.25, '0.25 ms'], [340, '340 ms'], [1500, '1.5 s'], [59_999, '1 m'], [185_000, '3 m 5 s'], [3_600_000, '1 h'], [3_605_000, '1 h'], [187_200_000, '2 d 4 h'], [-2000, '-2 s']])
table('short', short, [[0, '0'], [7.25, '7.3'], [950, '950'], [999.7, '1k'], [1200, '1.2k'], [34_000_000, '34M'], [2.5e9, '2.5G']])
table('bytes', bytes, [[0, '0 B'], [1023, '1023 B'], [1536, '1.5 KiB'], [16_777_216, '16 MiB']])
table('percent', percent, [[0, '0 %'], [0.004, '< 1 %'], [0.834, '83 %'], [0.9999, '> 99 %'], [1, '100 %']])
table('num', num, [['12', 12], [undefined, 0], ['NaN', 0], ['Infinity', 0]])
table('durationMs', durationMs, [['3.5s', 3500], ['0.000001s', 0.001], [undefined, undefined], ['soon', undefined]])
table('msOf', msOf, [['2026-01-01T00:00:00.123456789Z', 1_767_225_600_123], ['', undefined], [undefined, undefined]])
table('entityOf', entityOf, [['Pod shop/cart-0', { kind: 'Pod', namespace: 'shop', name: 'cart-0' }], ['shop/cart-0', { namespace: 'shop', name: 'cart-0' }], [' cart-0 ', { name: 'cart-0' }], ['', undefined], ['  ', undefined]])

test('an entity is read as it is shown', () => { for (const e of [{ kind: 'Pod', namespace: 'a', name: 'b' }, { kind: 'Node', name: 'n' }]) assert.equal(entityOf(entityText(e)), e) })
test('shortened in the middle', () => { assert.is(shortened('nginx-7d8f9c5b64-k2xqp', 11), 'nginx…k2xqp'); assert.is(shortened('short', 11), 'short') })
test('counts', () => { assert.is(count(1, 'way'), '1 way'); assert.is(count(12345, 'event'), '12\u00a0345 events') })
test('ages', () => { assert.is(ago(0, 4000), 'just now'); assert.is(ago(10_000, 0), 'just now'); assert.is(ago(0, 61_000), '1 m ago') })

test('a question holds what is asked and nothing else', () => {
  assert.is(queryText({ a: undefined, b: '', c: { d: undefined } }), '')
  assert.is(queryText({ page: { size: 5 }, sources: ['a', 'b'], text: 'x y&z' }), '?page.size=5&sources=a&sources=b&text=x+y%26z')
  assert.is(queryText({ filter: eventFilter(new URLSearchParams('q=oom&source=ebpf,otlp&kind=Pod&name=p')) }), '?filter.text=oom&filter.sources=ebpf&filter.sources=otlp&filter.entity.kind=Pod&filter.entity.name=p')
})

test('incidents that fit', () => {
  const now = Date.UTC(2026, 0, 1, 12)
  const incident = { id: 'ab', title: 'Memory exhaustion', status: 'resolved', severity: 'high', startTime: '2026-01-01T08:00:00Z', resolvedTime: '2026-01-01T09:00:00Z' }
  const all = { text: '', status: '', severity: '', within: '' } as const
  assert.ok(fits(incident, all, now))
  assert.ok(fits(incident, { ...all, text: 'EXHAUSTION memory', severity: 'medium', status: 'resolved', within: '6' }, now))
  for (const other of [{ text: 'disk' }, { severity: 'critical' }, { status: 'open' as const }, { within: '1' }]) assert.not(fits(incident, { ...all, ...other }, now), JSON.stringify(other))
  assert.ok(fits({ ...incident, status: 'open', resolvedTime: '' }, { ...all, within: '1' }, now), 'what is open is going on')
  assert.ok(includesAll('a b', ''))
})

test.run()
