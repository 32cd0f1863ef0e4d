import { readFileSync, readdirSync } from 'node:fs'
import { Type } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { configJsonSchema, editorSchema } from './json-schema.js'
import { optionsTable } from './options-table.js'
import { ByteSize, Duration, Endpoint, Enum, Options, Secret, Section } from './schema.js'
import { catalog } from './testdata/catalog.js'

const schema = configJsonSchema(catalog)
const validate = new Ajv({ strict: false, logger: false, allErrors: true }).compile(schema)
const folder = new URL('testdata/', import.meta.url)
const read = (path: string): unknown => parse(readFileSync(new URL(path, folder), 'utf8'), { merge: true })

for (const name of ['good.yaml', 'seed.yaml']) {
  test(`the JSON Schema accepts ${name}`, () => {
    assert.ok(validate(read(name)), JSON.stringify(validate.errors))
  })
}

// What only a graph, a whole word or another file can tell is not for a schema.
for (const name of ['unknown-option', 'unknown-section', 'unknown-type', 'enum-misspelt', 'duration-without-unit', 'duration-bad-unit', 'size-bad-unit', 'endpoint-without-port', 'url-without-scheme', 'required-missing', 'text-for-number', 'number-too-big', 'text-for-list', 'unknown-mode', 'pipeline-unknown-key', 'seed-misspelt-option', 'section-is-a-list']) {
  test(`the JSON Schema refuses broken/${name}.yaml`, () => {
    assert.not.ok(validate(read(`broken/${name}.yaml`)))
  })
}

test('the JSON Schema is plain JSON and its broken examples exist', () => {
  assert.equal(JSON.parse(JSON.stringify(schema)), schema)
  assert.ok(readdirSync(new URL('broken/', folder)).length > 45)
})

const example = Options({
  timeout: Duration({ default: '5s', minimum: '1ms', maximum: '1h', description: 'How long to wait.' }),
  limit: ByteSize({ default: '4MiB' }),
  endpoint: Endpoint(),
  token: Type.Optional(Secret({ description: 'Proves who we are.' })),
  mode: Enum(['a', 'b'], { default: 'a', description: 'One | other.' }),
  retries: Type.Integer({ default: 3, minimum: 0 }),
  tls: Section({ cert: Type.Optional(Type.String({ description: 'A file.' })) }),
  retry: Type.Union([Type.Literal(false), Options({ initial: Duration() })], { default: { initial: 100 } }),
  rules: Type.Array(Options({ when: Type.String(), every: Duration({ default: '1s' }) }), { default: [] })
})

test('editors see what people write: text for durations, defaults as text, nothing required that has a default', () => {
  const editor = editorSchema(example) as { properties: Record<string, Record<string, unknown>>; required: string[] }
  assert.equal(editor.required, ['endpoint'])
  assert.equal([editor.properties['timeout']?.['type'], editor.properties['timeout']?.['default'], editor.properties['timeout']?.['description']], ['string', '5s', 'How long to wait. At least 1ms, at most 1h.'])
  assert.equal([editor.properties['limit']?.['type'], editor.properties['limit']?.['default']], [['string', 'integer'], '4MiB'])
  assert.equal(editor.properties['retry']?.['default'], { initial: '100ms' })
})

test('the options table has one row per option, nested ones by their path', () => {
  assert.is(optionsTable(example), [
    '| option | type | default | meaning |',
    '|---|---|---|---|',
    '| `timeout` | duration | `5s` | How long to wait. 1ms to 1h. |',
    '| `limit` | size | `4MiB` |  |',
    '| `endpoint` | endpoint | **required** |  |',
    '| `token` | secret |  | Proves who we are. |',
    '| `mode` | `a`, `b` | `a` | One \\| other. |',
    '| `retries` | integer | `3` | At least 0. |',
    '| `tls.cert` | text |  | A file. |',
    '| `retry` | `false` or map | `{"initial":"100ms"}` |  |',
    '| `rules[].when` | text | **required** |  |',
    '| `rules[].every` | duration | `1s` |  |',
    ''
  ].join('\n'))
  assert.is(optionsTable(Options({})), 'No options.\n')
})

test.run()
