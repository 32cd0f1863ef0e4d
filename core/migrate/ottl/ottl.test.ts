/**
 * Scenario: conditions and statements of OTTL, in the contexts of the Collector's processors.
 * Guarantees: what is translated means the same; what cannot be said here is refused with the reason, as a whole.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions } from '../../config/options.js'
import { Options } from '../../config/schema.js'
import { conditionsSchema } from '../../match/schema.js'
import { conditionsOf, Untranslatable } from './conditions.js'
import { actionOf } from './statements.js'

const conditions: readonly (readonly [context: string, text: string, expected: unknown])[] = [
  ['span', 'attributes["a"] == "b"', [{ 'attributes.a': 'b' }]],
  ['span', '"b" == attributes["a"]', [{ 'attributes.a': 'b' }]],
  ['span', 'span.attributes["a.b"] == 5', [{ 'attributes.a.b': 5 }]],
  ['span', 'resource.attributes["service.name"] == "cart" and name == "GET"', [{ 'resource.service.name': 'cart', name: 'GET' }]],
  ['span', 'name == "a" or name == "b" and kind == SPAN_KIND_SERVER', [{ name: 'a' }, { name: 'b', spanKind: 'server' }]],
  ['span', '(name == "a" or name == "b") and status.code == STATUS_CODE_ERROR', [{ name: 'a', statusCode: 'error' }, { name: 'b', statusCode: 'error' }]],
  ['span', 'IsMatch(name, "^GET /[a-z]+\\\\.html")', [{ name: { regex: '^GET /[a-z]+\\.html' } }]],
  ['span', 'instrumentation_scope.name == "http"', [{ 'scope.name': 'http' }]],
  ['span', 'attributes["a"] != nil', [{ 'attributes.a': { exists: true } }]],
  ['span', 'not (attributes["a"] != nil or attributes["b"] == nil)', [{ 'attributes.a': { exists: false }, 'attributes.b': { exists: true } }]],
  ['log', 'severity_number < SEVERITY_NUMBER_WARN', [{ severity: { max: 12 } }, { severity: { exists: false } }]],
  ['log', 'severity_number >= 17', [{ severity: { min: 17 } }]],
  ['log', 'not (severity_number < 9)', [{ severity: { min: 9 } }]],
  ['log', 'body == "x"', [{ message: 'x' }]],
  ['log', 'attributes["n"] >= 1 and attributes["n"] <= 5', [{ 'attributes.n': { min: 1, max: 5 } }]],
  ['metric', 'name == "up"', [{ name: 'up' }]],
  ['metric', 'metric.name == "up" and resource.attributes["a"] == true', [{ name: 'up', 'resource.a': true }]],
  ['resource', 'attributes["a"] == "b"', [{ 'resource.a': 'b' }]]
]

const schema = Options({ conditions: conditionsSchema('Test.') })

for (const [context, text, expected] of conditions) {
  test(`${context}: ${text}`, () => {
    const made = conditionsOf(text, context)
    assert.equal(made, expected)
    assert.ok(parseOptions({ schema }, { conditions: made }).ok)
  })
}

const refused: readonly (readonly [context: string, text: string, reason: RegExp])[] = [
  ['span', 'attributes["a"] != "b"', /something else than a value/],
  ['span', 'not IsMatch(name, "x")', /does not match a pattern/],
  ['span', 'attributes["a"] > 5', /include their bounds/],
  ['span', 'attributes["a"]["b"] == 1', /map or list/],
  ['span', 'Len(name) > 5', /`Len`/],
  ['span', 'name == other', /no fixed value/],
  ['span', 'start_time == 5', /no field for `start_time`/],
  ['span', 'status.message == "x"', /no field for `status.message`/],
  ['span', 'true', /always or never/],
  ['datapoint', 'attributes["a"] == "b"', /data points/],
  ['spanevent', 'name == "b"', /events of spans/],
  ['span', 'name ==', /fixed value|too early/],
  ['span', '(name == "a"', /`\)` is expected/],
  ['span', 'name == "a" name', /not read here/],
  ['span', 'name @ "a"', /not read here/],
  ['span', `${'('.repeat(100)}name == "a"${')'.repeat(100)}`, /too deep/],
  ['span', Array.from({ length: 40 }, (_, i) => `name == "${i}"`).join(' or '), /alternatives/],
  ['span', Array.from({ length: 12 }, (_, i) => `(attributes["${i}"] == 1 or attributes["x${i}"] == 2)`).join(' and '), /alternatives/],
  ['span', 'name == "a" and name == "b"', /tested twice/],
  ['span', `name == "${'x'.repeat(5000)}"`, /longer than/]
]

for (const [context, text, reason] of refused) {
  test(`refused: ${context}: ${text.slice(0, 60)}`, () => {
    try {
      conditionsOf(text, context)
    } catch (error) {
      assert.ok(error instanceof Untranslatable)
      assert.match(error.message, reason)
      return
    }
    assert.unreachable('it was translated')
  })
}

const statements: readonly (readonly [context: string, text: string, expected: unknown])[] = [
  ['span', 'set(attributes["a"], "b")', { key: 'a', action: 'upsert', value: 'b' }],
  ['log', 'set(attributes["a"], 5) where attributes["a"] == nil', { key: 'a', action: 'insert', value: 5 }],
  ['log', 'set(attributes["a"], true) where attributes["a"] != nil', { key: 'a', action: 'update', value: true }],
  ['span', 'set(attributes["a"], attributes["b"])', { key: 'a', action: 'upsert', from_attribute: 'b' }],
  ['resource', 'set(attributes["a"], attributes["b"]) where attributes["a"] == nil and attributes["b"] != nil', { key: 'a', action: 'insert', scope: 'resource', from_attribute: 'b' }],
  ['span', 'set(resource.attributes["a"], "b")', { key: 'a', action: 'upsert', scope: 'resource', value: 'b' }],
  ['span', 'delete_key(attributes, "a")', { key: 'a', action: 'delete' }],
  ['log', 'delete_key(resource.attributes, "a")', { key: 'a', action: 'delete', scope: 'resource' }]
]

for (const [context, text, expected] of statements) test(`${context}: ${text}`, () => assert.equal(actionOf(text, context), expected))

const notActions: readonly (readonly [context: string, text: string, reason: RegExp])[] = [
  ['span', 'set(name, "b")', /no attribute/],
  ['span', 'set(attributes["a"], Concat([name], "-"))', /`Concat`/],
  ['span', 'set(attributes["a"], resource.attributes["b"])', /another scope/],
  ['span', 'set(attributes["a"], "b") where name == "c"', /no attribute|`where`/],
  ['span', 'set(attributes["a"], "b") where attributes["c"] != nil', /`where`/],
  ['span', 'keep_keys(attributes, ["a"])', /`keep_keys`/],
  ['span', 'delete_key(attributes, "a") where name == "b"', /`where`/],
  ['datapoint', 'set(attributes["a"], "b")', /data points/]
]

for (const [context, text, reason] of notActions) test(`refused: ${context}: ${text}`, () => assert.throws(() => actionOf(text, context), reason))

test.run()
