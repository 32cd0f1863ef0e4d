import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions } from './options.js'
import { ByteSize, Duration, Endpoint, Enum, Options, Secret, Section, Url } from './schema.js'

const schema = Options({
  timeout: Duration({ default: '5s', minimum: '1ms' }),
  limit: ByteSize({ default: '4MiB' }),
  endpoint: Endpoint({ default: '127.0.0.1:1' }),
  mode: Enum(['a', 'b'], { default: 'a' }),
  deep: Section({ inner: Section({ on: Type.Boolean({ default: true }) }) }),
  token: Type.Optional(Secret()),
  when: Type.Optional(Type.Union([Duration(), Type.Literal('never')])),
  extra: Type.Optional(Type.Record(Type.String(), Duration()))
})

// The static type is what the run gives; a change of either fails to compile here.
const expected: Static<typeof schema> = { timeout: 5000, limit: 4_194_304, endpoint: '127.0.0.1:1', mode: 'a', deep: { inner: { on: true } } }

const valueOf = (s: TSchema, options: unknown): unknown => {
  const result = parseOptions({ schema: s }, options)
  return result.ok ? result.value : result.faults
}

test('defaults fill every level and have the type that the schema says', () => {
  assert.equal(valueOf(schema, {}), expected)
  assert.equal(valueOf(schema, null), expected)
})

test('a section that is written in part gets its other defaults', () => {
  assert.equal(valueOf(schema, { deep: {} }), expected)
  assert.equal(valueOf(schema, { deep: null }), expected)
})

test('defaults are not shared between two configs', () => {
  const [one, two] = [valueOf(schema, {}), valueOf(schema, {})] as [Static<typeof schema>, Static<typeof schema>]
  one.deep.inner.on = false
  assert.is(two.deep.inner.on, true)
})

test('durations are typed inside unions and records too', () => {
  assert.equal(valueOf(schema, { when: '1m', extra: { a: '1s' } }), { ...expected, when: 60_000, extra: { a: 1000 } })
  assert.equal(valueOf(schema, { when: 'never' }), { ...expected, when: 'never' })
})

const keywords: readonly (readonly [name: string, schema: TSchema, value: unknown, message: string])[] = [
  ['multipleOf', Type.Number({ multipleOf: 8 }), 9, '`x` must be a multiple of 8, found number 9'],
  ['exclusiveMaximum', Type.Number({ exclusiveMaximum: 1 }), 1, '`x` must be less than 1, found number 1'],
  ['maxLength', Type.String({ maxLength: 2 }), 'abc', '`x` must have at most 2 characters'],
  ['maxItems', Type.Array(Type.Number(), { maxItems: 1 }), [1, 2], '`x` must have at most 1 item'],
  ['minProperties', Type.Record(Type.String(), Type.Number(), { minProperties: 2 }), { a: 1 }, '`x` must have at least 2 keys'],
  ['format', Type.String({ format: 'ipv4' }), '300.1.1.1', '`x` must be an IPv4 address, found text "300.1.1.1"'],
  ['format that is not known is ignored', Type.String({ format: 'martian' }), 5, '`x` must be a text, found number 5'],
  ['const', Type.Literal('on'), 'off', '`x` must be "on", found text "off"'],
  ['null where nothing is allowed', Type.Null(), 'a', '`x` must be nothing, found text "a"'],
  ['not', Type.Not(Type.String()), 'a', '`x` is not allowed to be text "a"'],
  ['contains', Type.Array(Type.Number(), { contains: Type.Literal(1) }), [2], '`x` lacks an item that it must hold'],
  ['union of words', Type.Union([Type.Literal('red'), Type.Literal('green')]), 'gren', '`x` must be one of red, green, found text "gren"'],
  ['union of kinds', Type.Union([Type.Number(), Type.Boolean()]), 'a', '`x` must be a number or true or false, found text "a"'],
  ['dependentRequired', Type.Object({ a: Type.Optional(Type.Number()), b: Type.Optional(Type.Number()) }, { dependentRequired: { a: ['b'] } }), { a: 1 }, '`b` is required because `a` is set'],
  ['propertyNames', Type.Object({}, { propertyNames: { pattern: '^[a-z]$' } }), { AB: 1 }, '`AB` is not allowed as a key here'],
  ['url', Url(), 'a', '`x` must be a URL such as http://127.0.0.1:4318, found text "a"'],
  ['infinity', Type.Number(), Infinity, '`x` must be a number, found number Infinity'],
  ['secret', Secret(), 5, '`x` must be a text, found another value'],
  ['secret with a pattern', Type.String({ 'x-tapio': 'secret', pattern: '^k-' }), 'hunter2', '`x` must match ^k-, found another value']
]

for (const [name, rule, value, message] of keywords) {
  test(`in plain words: ${name}`, () => {
    const messages = valueOf(Options({ x: rule }), { x: value }) as readonly string[]
    assert.ok(messages.includes(message), JSON.stringify(messages))
  })
}

test('a bad default in a schema is a bug that shows when the schema is made', () => {
  assert.throws(() => Duration({ default: 'soon' }), 'bad duration')
  assert.throws(() => ByteSize({ maximum: 'lots' }), 'bad size')
  assert.throws(() => Endpoint({ default: 'x' }), 'bad default endpoint')
})

test('keys of JavaScript objects are ordinary unknown options', () => {
  assert.equal(valueOf(schema, { constructor: 1, toString: 2 }), ['unknown option `constructor`', 'unknown option `toString`'])
})

test.run()
