/**
 * The component contract (core/component/component.ts), asked of every registered component.
 *
 * Does not show: what a component does with data (its own tests), nor anything under load.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import type { TSchema } from '@sinclair/typebox'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { components } from '../../core/cli/registry.js'
import type { ComponentFactory } from '../../core/component/factory.js'
import type { Outcome } from '../../core/component/outcome.js'
import type { Question } from '../../core/component/questions.js'
import { emptyBatch, type EventBatch } from '../../core/data/batch.js'
import { encodeBatch } from '../../core/data/codec.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { deadlineIn } from '../../core/testing/services.js'
import { folderOf, withInstance, configOf, type Bench } from './bench.js'

const ajv = new Ajv({ strict: false, allErrors: true })
const root = process.cwd()

for (const factory of components) {
  const test = suite(`${factory.kind} ${factory.type}`)
  describeFolder(test, factory)
  describeDeclarations(test, factory)
  describeLifecycle(test, factory)
  if (factory.kind !== 'receiver' && factory.kind !== 'extension') describeConsumer(test, factory)
  test.run()
}

type Suite = ReturnType<typeof suite>

function describeFolder (test: Suite, factory: ComponentFactory): void {
  const folder = join(root, folderOf(factory))

  test('it lives in a folder of its name, with the files every component has', () => {
    for (const file of ['config.ts', 'factory.ts', 'README.md']) assert.ok(existsSync(join(folder, file)), `${folderOf(factory)}/${file} is missing`)
    assert.ok(readdirSync(folder).some(f => f.endsWith('.test.ts')) || existsSync(join(root, 'test', factory.type)), `${folderOf(factory)} has no test`)
  })

  test('its README says what it is, shows a config, and has room for the generated parts', () => {
    const text = readFileSync(join(folder, 'README.md'), 'utf8')
    assert.match(text, new RegExp(`^# ${factory.type} ${factory.kind}\n`))
    assert.match(text, new RegExp(`\`\`\`yaml\n(receivers|processors|exporters|connectors|extensions):\n  ${factory.type}`))
    // What it does, under one or several headings of its own words.
    assert.ok([...text.matchAll(/^## (?!Options$|Metrics$)/gm)].length >= 1, 'a section on what it does')
    for (const part of ['## Options\n', '## Metrics\n', '<!-- generated:options -->', '<!-- /generated:options -->', '<!-- generated:metrics -->', '<!-- /generated:metrics -->']) {
      assert.is(text.split(part).length, 2, `${part} must be there once`)
    }
  })
}

function describeDeclarations (test: Suite, factory: ComponentFactory): void {
  test('its defaults fit its schema, unknown keys do not, and its own check finds nothing', async () => {
    await withInstance(factory, async () => undefined)
    const validate = ajv.compile(factory.schema)
    const config = await defaultConfig(factory)
    assert.ok(validate(config), JSON.stringify(validate.errors))
    assert.equal(factory.check?.(config) ?? [], [])
    assert.not.ok(validate({ ...config, no_such_option: 1 }), 'an unknown key must be a fault')
  })

  test('every option has a description', () => {
    assert.equal([...undescribed(factory.schema, factory.type)], [])
  })

  test('its metrics and drop reasons are well-formed and say what they mean', () => {
    const names = factory.metrics.map(m => m.name)
    assert.is(new Set(names).size, names.length, 'metric names must differ')
    for (const m of factory.metrics) {
      assert.match(m.name, /^[a-z][a-z0-9_]*$/)
      assert.match(m.unit, /^[a-z_]*$/)
      assert.ok(m.description.length > 10, `${m.name} needs a description`)
      assert.is(m.kind === 'histogram', m.bounds !== undefined, `${m.name}: bounds are for histograms`)
      for (const a of m.attributes ?? []) assert.match(a, /^[a-z][a-z0-9_.]*$/)
    }
    for (const [reason, meaning] of Object.entries(factory.drops)) {
      assert.match(reason, /^[a-z][a-z0-9_]*$/)
      assert.ok(meaning.length > 10, `${reason} needs a meaning`)
    }
    assert.ok(factory.description.endsWith('.') && factory.signals.length > 0)
  })
}

function describeLifecycle (test: Suite, factory: ComponentFactory): void {
  test('creating it does nothing yet', async () => {
    await withInstance(factory, async ({ clock, status, next }) => {
      assert.is(clock.pending, 0, 'a timer')
      assert.equal(status.events, [])
      assert.is(next.rows, 0)
    })
  })

  test('it can be asked when its factory lists questions, and only then', async () => {
    await withInstance(factory, async ({ component }) => {
      const questions = factory.answers ?? []
      assert.is(component.answer !== undefined, questions.length > 0)
      assert.is(new Set(questions).size, questions.length)
      const { answer } = component
      if (answer !== undefined) assert.throws(() => answer('no.such' as Question, null), /there is no answer to no.such/)
    })
  })

  test('stop without start, and stop twice, resolve', async () => {
    await withInstance(factory, async ({ component, host }) => {
      await component.stop?.(deadlineIn(2000))
      await component.stop?.(deadlineIn(2000))
      assert.equal(host.failures, [])
    })
    await withInstance(factory, async ({ component, host }) => {
      await component.start?.(host)
      await component.stop?.(deadlineIn(2000))
      await component.stop?.(deadlineIn(2000))
    })
  })

  test('it runs twice in one process and leaves no timer, file or socket behind', async () => {
    // The first run loads modules and warms pools.
    await run(factory)
    const before = resources()
    for (let i = 0; i < 2; i++) await run(factory)
    const end = Date.now() + 5000
    while (resources() !== before && Date.now() < end) await new Promise(resolve => setImmediate(resolve))
    assert.is(resources(), before)
  })
}

function describeConsumer (test: Suite, factory: ComponentFactory): void {
  test('it answers with an outcome whatever the batch, and never writes into it', async () => {
    const random = seeded(7)
    await withInstance(factory, async bench => {
      await bench.component.start?.(bench.host)
      for (let i = 0; i < 40; i++) {
        const batch = i === 0 ? emptyBatch : randomBatch(random, random.below(50), { raw: true })
        const before = encodeBatch(batch)
        checkOutcome(await answer(bench, batch), batch)
        assert.ok(before.equals(encodeBatch(batch)), `batch ${i} was changed`)
      }
      await bench.component.stop?.(deadlineIn(2000))
      checkDeclared(factory, bench)
      assert.is(bench.clock.pending, 0, 'a timer is left after stop')
    })
  })

  test('after stop it takes nothing that it could not pass on', async () => {
    await withInstance(factory, async bench => {
      await bench.component.start?.(bench.host)
      await bench.component.stop?.(deadlineIn(2000))
      checkOutcome(await answer(bench, randomBatch(seeded(1), 3)), randomBatch(seeded(1), 3))
    })
  })
}

async function run (factory: ComponentFactory): Promise<void> {
  await withInstance(factory, async bench => {
    await bench.component.start?.(bench.host)
    if (bench.component.consume !== undefined) await answer(bench, randomBatch(seeded(3), 20, { raw: true }))
    await bench.component.stop?.(deadlineIn(2000))
    assert.is(bench.clock.pending, 0, 'a timer is left after stop')
    checkDeclared(factory, bench)
  })
}

/** The answer, moving the clock while the component waits for something. */
async function answer ({ component, clock }: Bench, batch: EventBatch): Promise<Outcome> {
  let outcome: Outcome | undefined
  const asked = Promise.resolve(component.consume?.(batch)).then(o => { outcome = o })
  const end = Date.now() + 10_000
  while (outcome === undefined && Date.now() < end) await clock.advance(100)
  assert.ok(outcome, 'no answer within 10 s')
  await asked
  return outcome as Outcome
}

function checkOutcome (outcome: Outcome, batch: EventBatch): void {
  assert.ok(['accepted', 'rejected', 'retry', 'refused'].includes(outcome?.status), `no outcome: ${JSON.stringify(outcome)}`)
  if (outcome.status !== 'rejected') return
  assert.ok(outcome.count > 0 && outcome.count <= batch.count)
  if (outcome.rows === undefined) return
  assert.is(outcome.rows.length, outcome.count)
  outcome.rows.forEach((row, i, rows) => { assert.ok(row < batch.count && (i === 0 || row > (rows[i - 1] as number)), 'rows ascend within the batch') })
}

function checkDeclared (factory: ComponentFactory, { drops, meter }: Bench): void {
  for (const reason of drops.keys()) assert.ok(reason in factory.drops, `drop reason "${reason}" is not declared`)
  const declared = new Map(factory.metrics.map(m => [m.name, [...(m.attributes ?? [])].sort().join()]))
  for (const series of meter.values.keys()) {
    const [, name, attributes] = /^([^{]*)(?:\{(.*)\})?$/.exec(series) as unknown as [string, string, string | undefined]
    const keys = [...(attributes ?? '').matchAll(/(?:^|,)([\w.]+)="/g)].map(m => m[1]).sort().join()
    assert.is(keys, declared.get(name), `metric ${series} is not declared so`)
  }
}

const ignored = new Set(['Immediate', 'TTYWrap', 'PipeWrap', 'FSReqPromise', 'TickObject'])

/** What keeps the event loop alive, apart from output streams and what is just ending. */
function resources (): string {
  return process.getActiveResourcesInfo().filter(r => !ignored.has(r)).sort().join()
}

async function defaultConfig (factory: ComponentFactory): Promise<object> {
  let config: unknown
  const { mkdtempSync, rmSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const directory = mkdtempSync(join(tmpdir(), 'tapio-contract-'))
  try {
    config = await configOf(factory, directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
  return config as object
}

/** Paths of options without a description, through nested maps and lists. */
function * undescribed (schema: TSchema, path: string): Generator<string> {
  for (const [key, option] of Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>)) {
    const at = `${path}.${key}`
    if (option.description === undefined && option['properties'] === undefined) yield at
    yield * undescribed(option, at)
    if (typeof option['items'] === 'object') yield * undescribed(option['items'] as TSchema, `${at}[]`)
  }
}
