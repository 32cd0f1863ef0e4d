/** Guarantees: expressions compute as README says, are bounded in time, and faults stand at their place. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Expressions, isFault } from './expression.js'
import { valueOf } from './testing.js'

const plain = (value: unknown): unknown => typeof value === 'bigint' ? Number(value) : value
const names = { o: { n: 3, half: 0.5, s: 'abc', list: ['a', 'b'], nothing: null, map: { 'x.y': 'z' } } }

for (const [source, expected] of [
  ['o.n + 1', 4], ['1 + o.n * 2', 7], ['o.n - 1', 2], ['o.n / 2', 1.5], ['7 / 2', 3], ['o.n % 2', 1], ['o.half * 4', 2],
  ['"n=" + o.n', 'n=3'], ['"n=" + 3', 'n=3'], ['o.n == 3', true], ['o.n > 2', true], ['size(o.list) == 2', true], ['o.n in [1, 2, 3]', true],
  ['has(o.a.b.c)', false], ['has(o.map)', true], ['has(o.nothing.x)', false], ['!has(o.a.b)', true], ['o.?a.?b.orValue("x")', 'x'], ['o.map["x.y"]', 'z'],
  ['o.list.exists(x, x.matches("^a$"))', true], ['o.s.matches("B")', false], ['o.s.matches("(?i)B")', true], ['o.list.map(x, x + "!")', ['a!', 'b!']],
  ['o.nothing == null', true], ['o.a.b == 1', 'error: No such key: a'], ['o.s == 1', false], ['subject.kind', 'Pod']
] as const) {
  test(`${source} gives ${JSON.stringify(expected)}`, () => { assert.equal(plain(valueOf(source, undefined, undefined, names)), expected) })
}

for (const [source, message, start] of [
  ['o..n', /IDENTIFIER/, 2], ['o.n ==', /./, 6], ['lowr(o.s)', /lowr/, 0], ['1 + nobody', /nobody/, 4], ['size(1, 2, 3)', /size/, 0], ['', /./, 0], ['"a" + {}', /./, 0]
] as const) {
  test(`\`${source}\` is a fault at ${start}`, () => {
    const compiled = new Expressions(['o']).compile(source)
    assert.ok(isFault(compiled))
    if (!isFault(compiled)) return
    assert.match(compiled.message, message)
    assert.is(compiled.start, start)
    assert.ok(compiled.end > compiled.start)
  })
}

test('an expression that is too long, too deep or too large is a fault, not a crash', () => {
  const expressions = new Expressions(['o'])
  for (const source of ['1 + '.repeat(2000) + '1', '('.repeat(500) + '1' + ')'.repeat(500), '['.repeat(300), `[${'1,'.repeat(1000)}1]`, '!'.repeat(3000) + 'true']) {
    assert.ok(isFault(expressions.compile(source)), source.slice(0, 20))
  }
})

test('loops in loops end at the limit of steps', () => {
  const many = { l: Array.from({ length: 1000 }, (_, i) => i) }
  for (const source of ['l.all(a, l.all(b, l.all(c, true)))', 'l.map(a, l.map(b, l.map(c, 1)))', 'l.filter(a, l.filter(b, l.exists_one(c, c == a)) == [])', 'l.all(a, l.all(b, l.exists(c, c < 0) || true))']) {
    const before = process.cpuUsage()
    assert.match(String(valueOf(source, undefined, undefined, many)), /too many steps/, source)
    const used = process.cpuUsage(before)
    assert.ok((used.user + used.system) / 1000 < 5000, `${source} took ${(used.user + used.system) / 1000} ms`)
  }
})

test('a regular expression that backtracks elsewhere takes linear time here', () => {
  const before = process.cpuUsage()
  assert.is(valueOf('s.matches("^(a+)+$")', undefined, undefined, { s: `${'a'.repeat(5000)}!` }), false)
  assert.ok(process.cpuUsage(before).user / 1000 < 2000)
})

test('a regular expression that is none fails when it is used', () => {
  assert.match(String(valueOf('"a".matches("(")')), /^error: not a regular expression/)
})

test.run()
