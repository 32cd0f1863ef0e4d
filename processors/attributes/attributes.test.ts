import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AttributeValue } from '../../core/data/attributes.js'
import { valueToJson } from '../../core/data/json-value.js'
import type { EventBatch } from '../../core/data/batch.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded, type Random } from '../../core/data/testing/random.js'
import { BatchBuilder } from '../../core/data/builder.js'
import type { Processor } from '../../core/component/component.js'
import { testBench } from '../../core/testing/services.js'
import type { Action } from './config.js'
import { factory } from './factory.js'
import { convertValue, hashValue } from './values.js'

async function run (actions: readonly Action[], batch: EventBatch): Promise<EventBatch> {
  const bench = testBench('processor', 'attributes', { actions })
  await (await factory.create(bench.services) as Processor).consume(batch)
  return bench.next.batches[0] as EventBatch
}

const record = (action: Partial<Action> & Pick<Action, 'action' | 'key'>): Action => ({ scope: 'record', ...action })

/** The same on one plain map: what a person reads in the README. */
function apply (attributes: Map<string, AttributeValue>, { key, action, value, from_attribute: from, new_key: newKey, converted_type: type }: Action): void {
  const had = attributes.has(key)
  const old = attributes.get(key)
  const given = from === undefined ? value : attributes.get(from)
  if (action === 'delete') attributes.delete(key)
  else if (action === 'hash') { if (had) attributes.set(key, sha(old as AttributeValue)) } else if (action === 'convert') { if (had) attributes.set(key, convertValue(old as AttributeValue, type ?? 'string')) } else if (action === 'rename') {
    if (!had || newKey === undefined || newKey === key) return
    attributes.delete(key)
    attributes.set(newKey, old as AttributeValue)
  } else if (given !== undefined && (action === 'upsert' || had === (action === 'update'))) attributes.set(key, given)
}

function sha (value: AttributeValue): string {
  const text = value instanceof Uint8Array ? value : typeof value === 'object' ? valueToJson(value) : String(value)
  return createHash('sha256').update(text).digest('hex')
}

/** Sorted by key, and bytes as text at any depth: a Buffer and a Uint8Array hold the same. */
function plain (entries: [string, AttributeValue][]): unknown {
  return entries.sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) => [key, plainValue(value)])
}

function plainValue (value: AttributeValue): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plainValue)
  return typeof value === 'object' && value !== null ? plain(Object.entries(value)) : value
}

const keys = ['http.route', 'url.full', 'app.retry', '__proto__', 'new']

function randomAction (random: Random, scope: 'record' | 'resource'): Action {
  const key = random.pick(scope === 'record' ? keys : ['service.name', 'ports', 'big', 'new'])
  const action = random.pick(['insert', 'update', 'upsert', 'delete', 'hash', 'rename', 'convert'] as const)
  const base = { key, action, scope }
  if (action === 'rename') return { ...base, new_key: random.pick(keys) }
  if (action === 'convert') return { ...base, converted_type: random.pick(['string', 'int', 'double', 'bool'] as const) }
  if (action === 'delete' || action === 'hash') return base
  return random.chance(0.4) ? { ...base, from_attribute: random.pick(scope === 'record' ? keys : ['service.name', 'ports']) } : { ...base, value: random.pick(['set', 7, true, ['a', 'b']]) }
}

for (const scope of ['record', 'resource'] as const) {
  test(`random ${scope} actions do to columns what they do to plain maps`, async () => {
    const rounds = process.env.TAPIO_TEST_LONG === '1' ? 10_000 : 600
    let changed = 0
    for (let seed = 1; seed <= rounds; seed++) {
      const random = seeded(seed)
      const batch = randomBatch(random, 1 + random.below(12), { raw: true })
      const actions = Array.from({ length: 1 + random.below(4) }, () => randomAction(random, scope))
      const result = await run(actions, batch)
      if (result !== batch) changed++
      for (let row = 0; row < batch.count; row++) {
        const before = scope === 'record' ? batch.at(row).allAttributes() : batch.at(row).resource.attributes
        const after = scope === 'record' ? result.at(row).allAttributes() : result.at(row).resource.attributes
        const expected = new Map(Object.entries(before))
        for (const action of actions) apply(expected, action)
        assert.equal(plain(Object.entries(after)), plain([...expected]), `seed ${seed} row ${row} ${JSON.stringify(actions)}`)
      }
    }
    assert.ok(changed > rounds / 2)
  })
}

test('actions that change nothing pass the batch on as it is', async () => {
  const batch = randomBatch(seeded(3), 10, { raw: true })
  const idle = [record({ action: 'delete', key: 'absent' }), record({ action: 'update', key: 'absent', value: 1 }), record({ action: 'insert', key: 'a', from_attribute: 'absent' }),
    record({ action: 'hash', key: 'absent' }), record({ action: 'rename', key: 'absent', new_key: 'b' }), { ...record({ action: 'delete', key: 'absent' }), scope: 'resource' as const }]
  assert.is(await run(idle, batch), batch)
})

test('changed keys are marked, so that an exporter patches the record; an overwritten value is gone from the batch', async () => {
  const builder = new BatchBuilder()
  builder.append({ attributes: { token: 'secret', other: 1 } })
  builder.append({ attributes: { token: 'secret2' } })
  const result = await run([record({ action: 'upsert', key: 'token', value: 'hidden' })], builder.finish())
  assert.equal(result.attributes.get('token')?.values, ['hidden'])
  assert.is(result.attributes.get('token')?.edited, true)
  assert.is(result.attributes.get('other')?.edited, false)
})

test('equal values have equal hashes however their bytes are held', () => {
  assert.is(hashValue('cart'), '1c42ddc0285b9c25135be3bf345e6a041271b784b22a6f6cab6588dab93c5980')
  const bytes = Uint8Array.of(1, 2, 3)
  assert.is(hashValue(bytes), hashValue(Buffer.from(bytes)))
  assert.is(hashValue([{ a: bytes }]), hashValue([{ a: Buffer.from(bytes) }]))
  assert.is.not(hashValue(['1']), hashValue([1]))
})

test('conversion leaves alone what says nothing in the type', () => {
  const table: [AttributeValue, 'int' | 'double' | 'bool' | 'string', AttributeValue][] = [
    ['12', 'int', 12], ['-7.9', 'int', -7], ['9223372036854775807', 'int', 9223372036854775807n], ['abc', 'int', 'abc'], ['', 'double', ''],
    ['1e3', 'double', 1000], [true, 'int', 1], ['true', 'bool', true], ['yes', 'bool', 'yes'], [0, 'bool', false], [1.5, 'int', 1], [NaN, 'int', NaN],
    [['a', 1n], 'string', '["a",1]'], [null, 'string', null], [5n, 'double', 5]
  ]
  for (const [value, type, expected] of table) assert.equal(convertValue(value, type), expected, `${String(value)} as ${type}`)
})

test('an action needs its operand, and no other', () => {
  const faults = (...actions: Action[]): string[] => (factory.check?.({ actions }) ?? []).map(f => f.message)
  assert.equal(faults(record({ action: 'insert', key: 'a' })), ['action `insert` needs `value` or `from_attribute`'])
  assert.equal(faults(record({ action: 'insert', key: 'a', value: 1, from_attribute: 'b' })), ['action `insert` needs `value` or `from_attribute`, not both'])
  assert.equal(faults(record({ action: 'delete', key: 'a', value: 1 })), ['`value` does not apply to action `delete`'])
  assert.equal(faults(record({ action: 'rename', key: 'a' })), ['action `rename` needs `new_key`'])
})

test.run()
