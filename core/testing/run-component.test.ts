/**
 * Scenario: a receiver, a processor, an exporter and a connector between a source and a sink, with answers of every kind and time that stands still.
 * Guarantees: what is sent arrives as plain events, the sink answers what it was told, in order, and can be waited for; options are checked as in
 * YAML; a component that answers with no outcome, and a receiver that is sent to, are told.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyComponent, Consumer } from '../component/component.js'
import type { ComponentFactory } from '../component/factory.js'
import { accepted, refused, rejected, retry, type Outcome } from '../component/outcome.js'
import type { Services } from '../component/services.js'
import { Duration, Options } from '../config/schema.js'
import { eventBatch, runComponent } from '../testing.js'
import { systemClock } from '../component/clock.js'

const test = suite('a component between a source and a sink')

const made = (kind: ComponentFactory['kind'], create: (services: Services) => AnyComponent): ComponentFactory => ({
  kind, type: 'tested', description: 'Under test.', stability: 'alpha', signals: ['logs'], concurrency: 'single', metrics: [], drops: {}, create,
  schema: Options({ interval: Duration({ default: '10s', minimum: '1s', description: 'Between two.' }) })
})
const passes = made('processor', services => ({ consume: batch => services.get('next').consume(batch) }))

test('a processor: events in, events out, answers as told', async () => {
  const { source, sink, stop } = await runComponent(passes)
  sink.answers(retry('full', 5), rejected('odd', 1), refused('gone'))
  const answers: Outcome[] = []
  for (const message of ['a', 'b', 'c', 'd']) answers.push(await source.send({ signal: 'logs', message, attributes: { n: 1 } }))
  assert.equal(answers, [retry('full', 5), rejected('odd', 1), refused('gone'), accepted])
  assert.equal(sink.events.map(e => [e.message, e.attributes]), [['b', { n: 1 }], ['d', { n: 1 }]])
  await source.sendBatch(eventBatch({ message: 'e' }, { message: 'f' }))
  assert.equal((await sink.until(3)).map(e => e.message), ['b', 'd', 'e'])
  await stop()
})

test('a receiver: its clock is moved, its options are written as in YAML', async () => {
  const ticks = made('receiver', services => {
    const { interval } = services.get('config') as { interval: number }
    let cancel = (): void => undefined
    const plan = (): void => { cancel = services.get('clock').after(interval, () => { void (services.get('next') as Consumer).consume(eventBatch({ name: 'tick' })); plan() }) }
    return { start: plan, stop: () => cancel() }
  })
  const { sink, clock, source, stop } = await runComponent(ticks, { interval: '5s' })
  const third = sink.until(3)
  await clock.advance(15_000)
  assert.is((await third).length, 3)
  await source.send({}).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, 'a receiver takes nothing'))
  await stop()
  assert.is(clock.pending, 0)
  await sink.until(4, 1).then(() => assert.unreachable(), (error: Error) => assert.is(error.message, '3 of 4 rows after 1 ms'))
})

test('an exporter: its own answer, in real time when asked for', async () => {
  const exporter = made('exporter', () => ({ consume: batch => rejected('too many', batch.count) }))
  const { source, clock, stop } = await runComponent(exporter, {}, { clock: systemClock })
  assert.equal(await source.send({}, {}), rejected('too many', 2))
  assert.is(clock, systemClock)
  await stop()
})

test('a connector: by output', async () => {
  const connector = made('connector', services => ({ consume: batch => (services.get('outputs').get('logs/b') as Consumer).consume(batch) }))
  const { source, outputs, stop } = await runComponent(connector, {}, { outputs: ['logs/a', 'logs/b'] })
  await source.send({ name: 'x' })
  assert.equal([...outputs].map(([name, sink]) => [name, sink.rows]), [['logs/a', 0], ['logs/b', 1]])
  await stop()
})

test('wrong options, an answer that is none, an exception: each is an error of the test', async () => {
  const fails = async (run: () => Promise<unknown>, says: RegExp): Promise<void> => { await run().then(() => assert.unreachable('no error'), (error: Error) => assert.match(error.message, says)) }
  await fails(() => runComponent(passes, { intervall: '5s', interval: '1ms' }), /the options of processor tested are wrong:\n {2}.*`intervall`.*\n {2}.*`interval`/)
  const sendTo = (consume: Consumer['consume']) => async (): Promise<unknown> => (await runComponent(made('processor', () => ({ consume })))).source.send({})
  await fails(sendTo(() => ({ status: 'ok' }) as unknown as Outcome), /no outcome: \{"status":"ok"\}/)
  await fails(sendTo(() => rejected('all', 7)), /7 of 1 rows rejected/)
  await fails(sendTo(() => { throw new Error('boo') }), /boo/)
})

test.run()
