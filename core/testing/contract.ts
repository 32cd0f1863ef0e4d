/**
 * What every component holds (core/component/component.ts), as tests for any runner: Tapio's own components and those of plugins.
 *
 * Does not show: what a component does with data (its own tests), nor anything under load.
 */
import assert from 'node:assert/strict'
import type { TSchema } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import type { ComponentFactory } from '../component/factory.js'
import type { Outcome } from '../component/outcome.js'
import type { Question } from '../component/questions.js'
import { emptyBatch, type EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { randomBatch } from '../data/testing/random-batch.js'
import { seeded } from '../data/testing/random.js'
import { stopMs, withInstance, type ContractBench } from './contract-bench.js'
import { deadlineIn, type TestBench } from './services.js'
import { checkOutcome } from './source.js'
import type { TestClock } from './test-clock.js'

/** What a component needs when its defaults alone cannot run; Tapio's have it in `testdata/contract.ts`. */
export interface ContractCase {
  /** Options beside the defaults, in typed form; `directory` is an empty folder of its own. */
  config?(directory: string): object | Promise<object>
  /** Connectors: names of the pipelines that begin with it. */
  readonly outputs?: readonly string[]
  /** For each instance; a FakeClock when left out. */
  clock?(): TestClock
  /** Looks at what an instance left when its test is over, whatever came of it; what it throws takes the place of the test's own fault. */
  after?(bench: TestBench): void
}

/** One test: `run` rejects with an AssertionError that says what does not hold. */
export interface ContractTest { readonly name: string, run(): Promise<void> }

/** `for (const { name, run } of contractTests(factory)) test(name, run)`, with the `test` of `node:test` or of any other runner. */
export function contractTests (factory: ComponentFactory, contract: ContractCase = {}): ContractTest[] {
  return [...declarationTests(factory, contract), ...lifeTests(factory, contract), ...consumes(factory) ? consumerTests(factory, contract) : []]
}

const consumes = ({ kind }: ComponentFactory): boolean => kind !== 'receiver' && kind !== 'extension'

const ajv = new Ajv({ strict: false, allErrors: true })

function declarationTests (factory: ComponentFactory, contract: ContractCase): ContractTest[] {
  return [{
    name: 'its defaults fit its schema, unknown keys do not, and its own check finds nothing',
    run: () => withInstance(factory, contract, ({ config }) => {
      const validate = ajv.compile(factory.schema)
      assert.ok(validate(config), JSON.stringify(validate.errors))
      assert.deepEqual(factory.check?.(config) ?? [], [])
      assert.ok(!validate({ ...config, no_such_option: 1 }), 'an unknown key must be a fault: make the schema with Options({ … })')
      return Promise.resolve()
    })
  }, {
    name: 'every option has a description',
    run: async () => { assert.deepEqual([...undescribed(factory.schema, factory.type)], []) }
  }, {
    name: 'its metrics and drop reasons are well-formed and say what they mean',
    run: async () => {
      const { metrics, drops, description, signals } = factory
      assert.equal(new Set(metrics.map(m => m.name)).size, metrics.length, 'metric names must differ')
      for (const m of metrics) {
        assert.match(m.name, /^[a-z][a-z0-9_]*$/)
        assert.match(m.unit, /^[a-z_]*$/)
        assert.ok(m.description.length > 10, `${m.name} needs a description`)
        assert.equal(m.kind === 'histogram', m.bounds !== undefined, `${m.name}: bounds are for histograms`)
        for (const a of m.attributes ?? []) assert.match(a, /^[a-z][a-z0-9_.]*$/)
      }
      for (const [reason, meaning] of Object.entries(drops)) {
        assert.match(reason, /^[a-z][a-z0-9_]*$/)
        assert.ok(meaning.length > 10, `${reason} needs a meaning`)
      }
      assert.ok(description.endsWith('.'), 'its description is a sentence')
      assert.ok(signals.length > 0, 'it names the signals it can bring, change or take')
    }
  }]
}

function lifeTests (factory: ComponentFactory, contract: ContractCase): ContractTest[] {
  return [{
    name: 'creating it does nothing yet',
    run: () => withInstance(factory, contract, async ({ clock, status, next }) => {
      assert.equal(clock.pending, 0, 'a timer')
      assert.deepEqual(status.events, [])
      assert.equal(next.rows, 0)
    })
  }, {
    name: 'it can be asked when its factory lists questions, and only then',
    run: () => withInstance(factory, contract, async ({ component }) => {
      const questions = factory.answers ?? []
      assert.equal(component.answer !== undefined, questions.length > 0)
      assert.equal(new Set(questions).size, questions.length)
      const { answer } = component
      if (answer !== undefined) assert.throws(() => answer('no.such' as Question, null), /there is no answer to no.such/)
    })
  }, {
    name: 'stop without start, and stop twice, resolve',
    run: async () => {
      await withInstance(factory, contract, async ({ component, host }) => {
        await component.stop?.(deadlineIn(stopMs))
        await component.stop?.(deadlineIn(stopMs))
        assert.deepEqual(host.failures, [])
      })
      await withInstance(factory, contract, async ({ component, host }) => {
        await component.start?.(host)
        await component.stop?.(deadlineIn(stopMs))
        await component.stop?.(deadlineIn(stopMs))
      })
    }
  }, {
    name: 'it runs twice in one process and leaves no timer, file or socket behind',
    run: async () => {
      // The first run loads modules and warms pools.
      await runOnce(factory, contract)
      const before = resources()
      for (let i = 0; i < 2; i++) await runOnce(factory, contract)
      const endMs = performance.now() + 5000
      while (resources() !== before && performance.now() < endMs) await new Promise(resolve => setImmediate(resolve))
      assert.equal(resources(), before)
    }
  }]
}

function consumerTests (factory: ComponentFactory, contract: ContractCase): ContractTest[] {
  return [{
    name: 'it answers with an outcome whatever the batch, and never writes into it',
    run: () => withInstance(factory, contract, async bench => {
      const random = seeded(7)
      await bench.component.start?.(bench.host)
      for (let i = 0; i < 40; i++) {
        const batch = i === 0 ? emptyBatch : randomBatch(random, random.below(50), { raw: true })
        const before = encodeBatch(batch)
        checkOutcome(await answer(bench, batch), batch)
        assert.ok(before.equals(encodeBatch(batch)), `batch ${i} was changed`)
      }
      await bench.component.stop?.(deadlineIn(stopMs))
      checkDeclared(factory, bench)
      assert.equal(bench.clock.pending, 0, 'a timer is left after stop')
    })
  }, {
    name: 'after stop it still answers with an outcome',
    run: () => withInstance(factory, contract, async bench => {
      await bench.component.start?.(bench.host)
      await bench.component.stop?.(deadlineIn(stopMs))
      const batch = randomBatch(seeded(1), 3)
      checkOutcome(await answer(bench, batch), batch)
    })
  }]
}

async function runOnce (factory: ComponentFactory, contract: ContractCase): Promise<void> {
  await withInstance(factory, contract, async bench => {
    await bench.component.start?.(bench.host)
    if (consumes(factory)) await answer(bench, randomBatch(seeded(3), 20, { raw: true }))
    await bench.component.stop?.(deadlineIn(stopMs))
    assert.equal(bench.clock.pending, 0, 'a timer is left after stop')
    checkDeclared(factory, bench)
  })
}

/** The answer, moving the clock while the component waits for something. */
async function answer ({ component, clock }: ContractBench, batch: EventBatch): Promise<Outcome> {
  let isAnswered = false
  const asked = Promise.resolve(component.consume?.(batch)).finally(() => { isAnswered = true })
  asked.catch(() => undefined)
  const endMs = performance.now() + 10_000
  while (!isAnswered && performance.now() < endMs) await clock.advance(100)
  assert.ok(isAnswered, 'no answer within 10 s')
  return await asked as Outcome
}

function checkDeclared (factory: ComponentFactory, { drops, meter }: ContractBench): void {
  for (const reason of drops.keys()) assert.ok(reason in factory.drops, `drop reason "${reason}" is not declared`)
  const declared = new Map(factory.metrics.map(m => [m.name, [...(m.attributes ?? [])].sort().join()]))
  for (const series of meter.values.keys()) {
    const [, name, attributes] = /^([^{]*)(?:\{(.*)\})?$/.exec(series) as unknown as [string, string, string | undefined]
    const keys = [...(attributes ?? '').matchAll(/(?:^|,)([\w.]+)="/g)].map(m => m[1]).sort().join()
    assert.equal(keys, declared.get(name), `metric ${series} is not declared so`)
  }
}

const ignored = new Set(['Immediate', 'TTYWrap', 'PipeWrap', 'FSReqPromise', 'TickObject'])

/** What keeps the event loop alive, apart from output streams and what is just ending. */
function resources (): string {
  return process.getActiveResourcesInfo().filter(r => !ignored.has(r)).sort().join()
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
