// The plugin of these tests. Its components do what their options say, in the hook they say: `consume: exit` with `record: 77` ends the
// thread at each batch that holds record 77. Records are log records whose body is their number.
import { appendFileSync } from 'node:fs'
import { accepted, BatchBuilder, definePlugin, defineComponent, Options, Type } from 'tapio/plugin'

const never = () => new Promise(() => {})

/** What any hook can do. */
const deeds = {
  throw () { throw new Error('on purpose') },
  'throw nothing' () { throw undefined },
  reject () { return Promise.reject(new Error('on purpose')) },
  never,
  crash () { setTimeout(() => { throw new Error('where nobody catches') }); return never() },
  unhandled () { void Promise.reject(new Error('that nobody awaits')); return never() },
  exit () { process.exit(3) },
  loop () { for (;;); },
  starve () { const again = () => Promise.resolve().then(again); return again() },
  heap () { const all = []; for (;;) all.push({ at: all.length, text: [1, 2, 3] }) },
  'large arrays' () { const all = []; for (;;) all.push(new Array(1e7).fill(0)) },
  buffers () { const all = []; for (;;) all.push(Buffer.alloc(4 << 20, 1)) },
  leak () { const all = []; setInterval(() => all.push(Buffer.alloc(2 << 20, 1)), 1); return never() }
}

const numbers = batch => Array.from({ length: batch.count }, (_, row) => Number(batch.text(batch.columns.message, row)))

/** What can be done with a batch, beside those. Others are to come through all of it. */
const withBatch = {
  'pass, then exit': async (batch, { next }) => { await next.consume(batch); process.exit(3) },
  'no batch': async (batch, { next }) => {
    for (const wrong of [undefined, null, {}, 'text', [], { count: 7 }]) await next.consume(wrong)
    return await next.consume({ ...batch, count: batch.count, columns: 7 })
  },
  'wrong indexes': async (batch, { next }) => { batch.columns.resource.fill(4_000_000); return await next.consume(batch) },
  'no outcome': async (_batch, { turn }) => [undefined, null, 'accepted', { status: 'fine' }, 7][turn % 5],
  'wrong outcome': async batch => ({ status: 'rejected', reason: { not: 'text' }, count: -4, rows: Uint32Array.from({ length: batch.count + 5 }, () => 9) }),
  /** Passes on what it was given, having written over all of it but what the ledger knows records by. */
  overwrite: async (batch, { next }) => {
    for (const name of ['severity', 'timeUnixNano']) batch.columns[name].fill(name === 'severity' ? 99 : 0n)
    return await next.consume(batch)
  },
  /** The bytes of the records themselves: what it passes on says nothing any more. */
  scramble: async (batch, { next }) => { for (const buffer of batch.raw.buffers) buffer.fill(0xff); return await next.consume(batch) },
  flood: async (batch, { next }) => {
    const all = Array.from({ length: 500 }, () => next.consume(batch))
    const outcomes = await Promise.all(all)
    return outcomes.find(o => o.status !== 'accepted') ?? accepted
  },
  chatter: async (batch, { next, services }) => {
    const [logger, meter, drops, status] = ['logger', 'meter', 'drops', 'status'].map(name => services.get(name))
    for (let i = 0; i < 20_000; i++) {
      logger.error(`line ${i}`, { i, text: 'x'.repeat(100), deep: { deeper: [i] } })
      meter.counter(said, { what: `label ${i}` }).add(i % 3 === 0 ? NaN : 1)
      drops.add(`reason ${i % 500}`, i % 2 === 0 ? -1 : NaN)
      status[i % 2 === 0 ? 'degraded' : 'ok'](`state ${i} ${'y'.repeat(2000)}`)
    }
    logger.error('x'.repeat(8 << 20), { large: 'z'.repeat(8 << 20) })
    console.log('p'.repeat(1 << 20))
    status.ok()
    return await next.consume(batch)
  }
}

const said = { name: 'hostile_said', kind: 'counter', unit: 'events', attributes: ['what'], description: 'Whatever it says.' }

const deed = (name, ...args) => (withBatch[name] ?? deeds[name])(...args)
const names = what => Type.String({ default: '', description: `What it does in \`${what}\`.` })
const options = {
  create: names('create'), start: names('start'), consume: names('consume'), stop: names('stop'), answer: names('answer'), check: names('check'),
  record: Type.Integer({ default: -1, description: 'The record at whose batch `consume` is done; -1 = at each.' })
}

/** `otherwise` is what it does with a batch it does not mind. */
function hooks (services, otherwise) {
  const config = services.get('config')
  const next = services.get('next')
  let turn = 0
  if (config.create !== '') { const waits = deed(config.create); if (waits instanceof Promise) return waits }
  return {
    start () { return config.start === '' ? undefined : deed(config.start) },
    consume (batch) {
      if (config.consume === '' || (config.record >= 0 && !numbers(batch).includes(config.record))) return otherwise(batch)
      return deed(config.consume, batch, { next, services, turn: turn++ })
    },
    stop () { return config.stop === '' ? undefined : deed(config.stop) },
    answer (question) { return config.answer === '' ? question : deed(config.answer) }
  }
}

const common = { description: 'Does what it is told.', stability: 'development', signals: ['logs'], metrics: [said], drops: {}, check: ({ check = '' }) => check === '' ? [] : deed(check) }

export default definePlugin({
  name: 'tapio-plugin-hostile', version: '1.0.0', tapio: '*', permissions: { filesystem: 'write' },
  components: [
    defineComponent({
      ...common, kind: 'processor', type: 'hostile', concurrency: 'stateless', schema: Options(options), answers: ['topology.view'],
      create: services => hooks(services, batch => services.get('next').consume(batch))
    }),
    defineComponent({
      ...common, kind: 'exporter', type: 'hostile_file', concurrency: 'single',
      schema: Options({ ...options, path: Type.String({ description: 'Where it writes the numbers of records.' }) }),
      create: services => hooks(services, batch => { appendFileSync(services.get('config').path, `${numbers(batch).join('\n')}\n`); return accepted })
    }),
    defineComponent({
      ...common, kind: 'receiver', type: 'hostile_source', concurrency: 'single',
      schema: Options({
        path: Type.String({ description: 'Where it writes the numbers of records that were accepted.' }),
        one_in: Type.Integer({ default: 5, description: 'It ends its thread after a batch in so many, on average.' }),
        records: Type.Integer({ description: 'It sends so many in all of its lives.' })
      }),
      create: services => ({ start () { setImmediate(() => { void bring(services) }) } })
    })
  ]
})

/** Where it was it finds in its file; between the answer and the note it may die, and then brings those again. */
async function bring (services) {
  const { path, one_in: oneIn, records } = services.get('config')
  const { readFileSync, existsSync } = await import('node:fs')
  let from = existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
  while (from < records) {
    const builder = new BatchBuilder()
    for (let i = 0; i < 20; i++) builder.append({ signal: 'logs', type: 'log', message: String(from + i) })
    const outcome = await services.get('next').consume(builder.finish())
    if (outcome.status === 'accepted') {
      appendFileSync(path, Array.from({ length: 20 }, (_, i) => `${from + i}\n`).join(''))
      from += 20
    }
    if (Math.random() < 1 / oneIn) process.exit(1)
  }
}
