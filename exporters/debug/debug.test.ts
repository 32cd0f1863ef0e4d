import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Exporter } from '../../core/component/component.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { DebugConfig } from './config.js'
import { factory } from './factory.js'

async function printer (config: Partial<DebugConfig> = {}) {
  const clock = new FakeClock()
  const bench = testBench('exporter', 'debug', { verbosity: 'basic', max_lines_per_second: 100, max_text_length: 40, ...config }, { clock })
  return { ...bench, clock, debug: await factory.create(bench.services) as Exporter, lines: () => bench.logger.lines.map(l => l.message) }
}

const builder = new BatchBuilder()
builder.append({ signal: 'traces', type: 'span', severity: 17, timeUnixNano: 1767225600123456789n, name: 'GET \u001b[2J\u009b1m\n/cart', resource: { 'service.name': 'cart' }, attributes: { big: 2n ** 60n, long: 'x'.repeat(100) } })
builder.append({ type: 'log', message: 'hello' })
const batch = builder.finish()

test('basic prints a line a batch', async () => {
  const { debug, lines } = await printer()
  assert.is((await debug.consume(batch)).status, 'accepted')
  assert.equal(lines(), ['2 events: 1 log, 1 span; 2 resources'])
})

test('normal adds a line a row, in which an event cannot write to the terminal', async () => {
  const { debug, lines } = await printer({ verbosity: 'normal' })
  await debug.consume(batch)
  assert.equal(lines().slice(1), ['2026-01-01T00:00:00.123456789Z error span "GET \\u001b[2J\\u009b1m\\u000a/cart" service.name="cart"', '- unspecified log "hello"'])
})

test('detailed prints every field and cuts long ones', async () => {
  const { debug, lines } = await printer({ verbosity: 'detailed' })
  await debug.consume(batch)
  assert.ok(lines().includes('    attributes.big: 1152921504606846976'))
  assert.ok(lines().includes(`    attributes.long: "${'x'.repeat(40)}… (100 characters)"`))
})

test('lines are bounded per second and it is said how many were left out', async () => {
  const { debug, lines, clock, meter } = await printer({ verbosity: 'normal', max_lines_per_second: 3 })
  for (let i = 0; i < 10; i++) await debug.consume(batch)
  assert.is(lines().length, 3)
  await clock.advance(1000)
  assert.is(lines().at(-1), '… 27 lines left out')
  await debug.consume(batch)
  assert.is(lines().length, 7)
  assert.is(meter.values.get('left_out'), 27)
  await debug.stop?.(deadlineIn(100))
  assert.is(clock.pending, 0)
})

test('whatever the events are, it prints and accepts', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const { debug, lines } = await printer({ verbosity: 'detailed', max_lines_per_second: 1000 })
    await debug.consume(randomBatch(seeded(seed), 5, { raw: true }))
    assert.ok(lines().every(l => !/[\u0000-\u001f\u007f-\u009f]/.test(l)), `seed ${seed}`)
  }
})

test.run()
