import { isIP } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { rejected, retry, type Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { eventTypes, signals } from '../../core/data/enums.js'
import { RawEncoding } from '../../core/data/enums.js'
import { seeded, type Random } from '../../core/data/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { testBench } from '../../core/testing/services.js'
import type { ValidationConfig } from './config.js'
import { factory } from './factory.js'
import type { Reason } from './reasons.js'

const clock = new FakeClock()
const nano = (ms: number): bigint => BigInt(ms) * 1_000_000n
const nowNano = nano(clock.unixMs())
const hour = 3_600_000
const minute = 60_000

const defaults: ValidationConfig = { on_invalid: 'reject', signals: ['events'], max_future: 5 * minute, max_age: 24 * hour }

async function validator (config: Partial<ValidationConfig> = {}) {
  const bench = testBench('processor', 'validation', { ...defaults, ...config }, { clock })
  return { ...bench, processor: await factory.create(bench.services) as Processor }
}

function batchOf (events: readonly EventInput[]): EventBatch {
  const builder = new BatchBuilder()
  for (const event of events) builder.append(event)
  return builder.finish()
}

const fine: EventInput = { id: '00'.repeat(15) + '01', timeUnixNano: nowNano, source: 'ebpf', type: 'system' }

const without = (event: EventInput, key: keyof EventInput): EventInput => Object.fromEntries(Object.entries(event).filter(([k]) => k !== key))

const table: [string, EventInput, Reason | ''][] = [
  ['a whole event', fine, ''],
  ['no id', without(fine, 'id'), 'missing_id'],
  ['no time', without(fine, 'timeUnixNano'), 'missing_time'],
  ['no source', without(fine, 'source'), 'missing_source'],
  ['five minutes ahead', { ...fine, timeUnixNano: nowNano + nano(5 * minute) }, ''],
  ['more than five minutes ahead', { ...fine, timeUnixNano: nowNano + nano(5 * minute + 1) }, 'future'],
  ['a day old', { ...fine, timeUnixNano: nowNano - nano(24 * hour) }, ''],
  ['more than a day old', { ...fine, timeUnixNano: nowNano - nano(24 * hour + 1) }, 'too_old'],
  ['cpu with a task', { ...fine, type: 'cpu', comm: 'nginx' }, ''],
  ['cpu without kernel data', { ...fine, type: 'cpu' }, 'kernel_incomplete'],
  ['disk with a system call', { ...fine, type: 'disk', syscall: 'fsync' }, ''],
  ['process', { ...fine, type: 'process', pid: 1, comm: 'init' }, ''],
  ['process without pid', { ...fine, type: 'process', comm: 'init' }, 'process_incomplete'],
  ['process without name', { ...fine, type: 'process', pid: 7 }, 'process_incomplete'],
  ['memory with a message', { ...fine, type: 'memory', message: 'oom' }, ''],
  ['memory with nothing', { ...fine, type: 'memory' }, 'memory_incomplete'],
  ['network over IPv6', { ...fine, type: 'network', protocol: 'TCP', sourceAddress: '::1', destinationAddress: 'fe80::1', destinationPort: 80 }, ''],
  ['network without protocol', { ...fine, type: 'network', destinationPort: 80 }, 'network_no_protocol'],
  ['an address with a dot that is no address', { ...fine, type: 'network', protocol: 'udp', sourceAddress: 'not.an.ip' }, 'network_bad_address'],
  ['a bad destination', { ...fine, type: 'network', protocol: 'udp', destinationAddress: '10.0.0.256' }, 'network_bad_address'],
  ['TCP without ports', { ...fine, type: 'network', protocol: 'tcp', sourceAddress: '10.0.0.1' }, 'network_no_ports'],
  ['ICMP without ports', { ...fine, type: 'network', protocol: 'icmp' }, ''],
  ['log with a message', { ...fine, type: 'log', message: 'hello' }, ''],
  ['log with a record only', { ...fine, type: 'log', raw: { encoding: RawEncoding.otlpLogRecord, bytes: new Uint8Array([1]) } }, ''],
  ['empty log', { ...fine, type: 'log' }, 'log_empty'],
  ['kubernetes with a reason', { ...fine, type: 'kubernetes', name: 'BackOff' }, ''],
  ['kubernetes with an entity', { ...fine, type: 'kubernetes', entityKind: 'Pod', entityName: 'cart-0' }, ''],
  ['kubernetes with half an entity', { ...fine, type: 'kubernetes', entityKind: 'Pod' }, 'kubernetes_incomplete'],
  ['the unknown type', { ...fine, type: 'unknown' }, '']
]

for (const [name, event, reason] of table) {
  test(`${name}: ${reason || 'valid'}`, async () => {
    const { processor, drops, next } = await validator()
    const batch = batchOf([fine, event])
    const outcome = await processor.consume(batch)
    if (reason === '') {
      assert.is(next.batches[0], batch, 'a valid batch is passed on as it is')
      assert.is(drops.size, 0)
    } else {
      assert.equal(outcome, rejected(`invalid events: ${reason} (1)`, 1, Uint32Array.of(1)))
      assert.equal([...drops], [[reason, 1]])
      assert.is(next.rows, 1)
    }
  })
}

test('a type this build does not know is bad_type', async () => {
  const { processor, drops } = await validator()
  await processor.consume(batchOf([fine]).withColumn('type', Uint8Array.of(200)))
  assert.is(drops.get('bad_type'), 1)
})

test('telemetry passes by default, and is checked when asked', async () => {
  const old: EventInput[] = (['traces', 'metrics', 'logs', 'profiles'] as const).map(signal => ({ signal, type: 'span', timeUnixNano: 1n }))
  const lenient = await validator()
  const batch = batchOf(old)
  assert.is((await lenient.processor.consume(batch)).status, 'accepted')
  assert.is(lenient.next.batches[0], batch)
  const strict = await validator({ signals: ['traces'] })
  assert.equal(((await strict.processor.consume(batch)) as { rows?: Uint32Array }).rows, Uint32Array.of(0))
})

test('drop counts without telling, mark passes everything on with the reason', async () => {
  const batch = batchOf([fine, without(fine, 'source'), fine])
  const dropping = await validator({ on_invalid: 'drop' })
  assert.is((await dropping.processor.consume(batch)).status, 'accepted')
  assert.is(dropping.next.rows, 2)
  assert.is(dropping.drops.get('missing_source'), 1)
  const marking = await validator({ on_invalid: 'mark' })
  assert.is((await marking.processor.consume(batch)).status, 'accepted')
  const [marked] = marking.next.batches
  assert.equal([0, 1, 2].map(row => marked?.attributeAt('tapio.validation', row)), [undefined, 'missing_source', undefined])
  assert.is(marking.drops.size, 0)
  assert.is(marking.meter.values.get('marked'), 1)
})

test('own rejections and those of the next component come back together, in rows of the batch given', async () => {
  const { processor, next } = await validator()
  next.answer = () => rejected('too large', 1, Uint32Array.of(1))
  const outcome = await processor.consume(batchOf([without(fine, 'id'), fine, fine])) as Outcome & { rows?: Uint32Array }
  assert.is(outcome.status, 'rejected')
  assert.equal(outcome.rows, Uint32Array.of(0, 2))
})

test('nothing is counted when the rest cannot be taken now', async () => {
  const { processor, next, drops } = await validator()
  next.answer = () => retry('full', 5)
  assert.equal(await processor.consume(batchOf([without(fine, 'id'), fine])), retry('full', 5))
  assert.is(drops.size, 0)
})

/** The rules as one reads them in the README. */
function reasonFor (e: EventInput): string {
  const task = e.syscall !== undefined || e.comm !== undefined
  const time = Number(e.timeUnixNano ?? 0n) / 1e6
  if (e.signal !== 'events') return ''
  if (e.id === undefined) return 'missing_id'
  if (e.timeUnixNano === undefined) return 'missing_time'
  if (time > clock.unixMs() + 5 * minute) return 'future'
  if (time < clock.unixMs() - 24 * hour) return 'too_old'
  if (e.source === undefined) return 'missing_source'
  switch (e.type) {
    case 'cpu': case 'disk': return task ? '' : 'kernel_incomplete'
    case 'process': return task && e.pid !== undefined ? '' : 'process_incomplete'
    case 'memory': return task || e.message !== undefined ? '' : 'memory_incomplete'
    case 'log': return e.message !== undefined ? '' : 'log_empty'
    case 'kubernetes': return e.name !== undefined || (e.entityKind !== undefined && e.entityName !== undefined) ? '' : 'kubernetes_incomplete'
    case 'network': {
      if (e.protocol === undefined) return 'network_no_protocol'
      if ([e.sourceAddress, e.destinationAddress].some(a => a !== undefined && isIP(a) === 0)) return 'network_bad_address'
      return e.protocol.toLowerCase() === 'tcp' && e.sourcePort === undefined && e.destinationPort === undefined ? 'network_no_ports' : ''
    }
    default: return ''
  }
}

function randomInput (random: Random): EventInput {
  const maybe = (key: string, value: unknown): object => random.chance(0.8) ? { [key]: value } : {}
  return {
    signal: random.chance(0.8) ? 'events' : random.pick(signals),
    type: random.pick(eventTypes),
    ...maybe('id', random.below(1e6).toString(16).padStart(31, '0') + '1'),
    ...maybe('timeUnixNano', nowNano + nano(Math.round((random.below(1000) - 900) / 1000 * 26 * hour))),
    ...maybe('source', 'ebpf'),
    ...maybe('comm', 'x'), ...maybe('pid', 1 + random.below(9)), ...maybe('message', 'm'), ...maybe('name', 'n'),
    ...maybe('entityKind', 'Pod'), ...maybe('entityName', 'p'),
    ...maybe('protocol', random.pick(['tcp', 'TCP', 'udp'])), ...maybe('sourceAddress', random.pick(['10.0.0.1', '::1', '1.2.3', 'cart'])),
    ...maybe('destinationPort', 80)
  } as EventInput
}

test('random events get the reason that a plain reading of the rules gives', async () => {
  const rounds = process.env.TAPIO_TEST_LONG === '1' ? 5000 : 300
  const seen = new Set<string>()
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seeded(seed)
    const events = Array.from({ length: 1 + random.below(40) }, () => randomInput(random))
    const expected = new Map<string, number>()
    events.map(reasonFor).filter(r => r !== '').forEach(r => { expected.set(r, (expected.get(r) ?? 0) + 1); seen.add(r) })
    const { processor, drops, next } = await validator()
    const outcome = await processor.consume(batchOf(events))
    assert.equal([...drops].sort(), [...expected].sort(), `seed ${seed}`)
    const rows = events.flatMap((e, row) => reasonFor(e) === '' ? [] : [row])
    assert.equal(outcome.status === 'rejected' ? [...outcome.rows ?? []] : [], rows, `seed ${seed}`)
    assert.is(next.rows, events.length - rows.length)
  }
  assert.ok(seen.size >= 12, `the events must be wrong in many ways, found ${[...seen].join()}`)
})

test.run()
