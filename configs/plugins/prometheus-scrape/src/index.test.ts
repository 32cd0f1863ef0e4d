import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, test } from 'node:test'
import { dataPointsOf, retry, type EventBatch, type Receiver } from 'tapio/plugin'
import { contractTests, deadlineIn, events, FakeClock, testBench } from 'tapio/testing'
import { readExposition } from './exposition.js'
import { prometheusScrape } from './index.js'

const quiet = { targets: ['http://127.0.0.1:1/metrics'], job: 'x', interval: 60_000, timeout: 1000, body_size_limit: 1 << 20, sample_limit: 1000 }
for (const { name, run } of contractTests(prometheusScrape, { config: () => quiet })) test(name, run)

const page = `# HELP http_requests_total Requests.\\nOf all kinds.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a\\"b\\\\c"} 1027 1395066363000
http_requests_total{code="500"} 3
# TYPE temperature gauge
temperature -4.5
temperature{at="core"} NaN
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 5
latency_seconds_bucket{le="1"} 8
latency_seconds_bucket{le="+Inf"} 10
latency_seconds_sum 7.5
latency_seconds_count 10
# TYPE rpc_seconds summary
rpc_seconds{quantile="0.5"} 0.2
rpc_seconds_sum 17
rpc_seconds_count 42
untyped_thing 1e3
`

test('what a page says', () => {
  const { families, samples, badLines } = readExposition(page, 1000)
  assert.deepEqual(families.map(f => [f.name, f.type, f.samples.length]), [['http_requests_total', 'counter', 2], ['temperature', 'gauge', 2], ['latency_seconds', 'histogram', 5], ['rpc_seconds', 'summary', 3], ['untyped_thing', 'unknown', 1]])
  assert.deepEqual([samples, badLines], [13, 0])
  assert.equal(families[0]?.help, 'Requests.\nOf all kinds.')
  assert.deepEqual(Object.fromEntries(families[0]?.samples[0]?.labels ?? []), { code: '200', path: '/a"b\\c' })
  assert.equal(families[0]?.samples[0]?.timeMs, 1395066363000)
})

test('OpenMetrics: suffixes, units, exemplars, seconds', () => {
  const { families } = readExposition('# TYPE foo counter\n# UNIT foo seconds\nfoo_total 17.0 1520879607.789 # {trace_id="a"} 0.5\nfoo_created 1520430000.123\n# EOF\n', 10)
  assert.deepEqual(families.map(f => [f.name, f.unit, f.samples.map(s => s.timeMs)]), [['foo', 'seconds', [1520879607789, undefined]]])
})

test('bad lines are counted, and never more; work is in proportion to the length', () => {
  for (const line of ['a', '{x="1"} 1', 'a{x=1} 1', 'a{x="1} 1', 'a{x="1" 1', 'a 1 2 3', 'a one', '1a 1', 'a{x="\\', 'a 1 x', '\u0000', 'a\u00e9 1']) assert.deepEqual([readExposition(`${line}\nok 1\n`, 10).badLines, readExposition(`${line}\nok 1\n`, 10).samples], [1, 1], line)
  let seed = 7
  const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
  for (let round = 0; round < 3000; round++) {
    const from = random(page.length)
    const damaged = page.slice(0, from) + String.fromCharCode(random(300)) + page.slice(from + random(5))
    const { samples, badLines } = readExposition(damaged, 1000)
    assert.ok(samples + badLines <= 15)
  }
  const startedMs = performance.now()
  readExposition(`a{${'x="1",'.repeat(100_000)}} 1\n${'#'.repeat(500_000)}\na{x="${'\\'.repeat(500_000)}`, 10)
  assert.ok(performance.now() - startedMs < 5000)
  assert.equal(readExposition('a 1\n'.repeat(11), 10).cut, true)
})

/** What a test that failed leaves open would keep the process alive. */
const open: (() => Promise<void>)[] = []
afterEach(async () => { for (const close of open.splice(0)) await close() })

async function scraping (answer: Parameters<typeof createServer>[1], more: object = {}) {
  const server: Server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push(async () => { server.closeAllConnections(); await new Promise(resolve => server.close(resolve)) })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
  const clock = new FakeClock()
  const bench = testBench('receiver', 'prometheus_scrape', { ...quiet, targets: [url], ...more }, { clock })
  const receiver = await prometheusScrape.create(bench.services) as Receiver
  await receiver.start?.(bench.host)
  await clock.advance(0)
  return { ...bench, clock, stop: async () => { await receiver.stop?.(deadlineIn(2000)) } }
}

const values = (bench: { readonly next: { readonly batches: readonly EventBatch[] } }): Record<string, unknown> => Object.fromEntries(events(...bench.next.batches).map(e => [e.name, e.metricValue]))

test('a scrape becomes data points, with up; the next comes after the interval', async () => {
  const bench = await scraping((_request, response) => response.end(page))
  await bench.next.received(8)
  assert.deepEqual(values(bench)['up'], 1)
  assert.equal(values(bench)['scrape_samples_scraped'], 13)
  const [batch] = bench.next.batches
  const points = dataPointsOf(batch as NonNullable<typeof batch>)
  const at = (name: string): number[] => [...points.row].flatMap((row, i) => batch?.at(row).get('name') === name ? [i] : [])
  assert.deepEqual(at('http_requests_total').map(i => [points.value[i], points.monotonic[i], points.temporality[i], points.attribute('code')?.values[(points.attribute('code')?.index[i] ?? 0) - 1]]), [[1027, 1, 2, '200'], [3, 1, 2, '500']])
  assert.deepEqual(at('latency_seconds').map(i => [points.observations[i], points.sum[i]]), [[10, 7.5]])
  assert.deepEqual(at('rpc_seconds').map(i => [points.observations[i], points.sum[i]]), [[42, 17]])
  assert.equal(batch?.at(0).resource.attributes['service.name'], 'x')
  for (let i = 0; i < 50 && bench.clock.pending === 0; i++) await new Promise(resolve => setImmediate(resolve))
  await bench.clock.advance(60_000)
  await bench.next.received(16)
  await bench.stop()
})

const wrong: readonly (readonly [what: string, answer: Parameters<typeof createServer>[1], why: RegExp])[] = [
  ['an error', (_q, r) => { r.writeHead(500).end('no') }, /answered 500/],
  ['a redirect', (_q, r) => { r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end() }, /answered 302/],
  ['a body without end', (_q, r) => { const more = (): void => { while (!r.destroyed && r.write('x'.repeat(65536))); }; r.on('drain', more); more() }, /more than 1048576 bytes/],
  ['too many samples', (_q, r) => { r.end('a 1\n'.repeat(1001)) }, /more than 1000 samples/],
  ['no answer', () => undefined, /no answer within 300 ms/],
  ['a connection that is cut', (q, r) => { r.writeHead(200, { 'content-length': 1000 }).write('a 1\n'); setImmediate(() => q.socket.destroy()) }, /terminated|closed|other side/]
]

for (const [what, answer, why] of wrong) {
  test(`a target with ${what} is down`, async () => {
    const bench = await scraping(answer, { timeout: what === 'no answer' ? 300 : 30_000 })
    await bench.next.received(3)
    assert.equal(values(bench)['up'], 0)
    assert.deepEqual(Object.keys(values(bench)).sort(), ['scrape_duration_seconds', 'scrape_samples_scraped', 'up'])
    assert.match(bench.status.events.at(-1) ?? '', why)
    await bench.stop()
  })
}

test('stops at once while a target does not answer; what is not taken is counted', async () => {
  const bench = await scraping(() => undefined, { timeout: 60_000 })
  await new Promise(resolve => setImmediate(resolve))
  const startedMs = performance.now()
  await bench.stop()
  assert.ok(performance.now() - startedMs < 1900)
  const full = await scraping((_q, r) => { r.end('a 1\n') })
  let asked: () => void = () => undefined
  const answered = new Promise<void>(resolve => { asked = resolve })
  full.next.answer = () => { asked(); return retry('full') }
  await answered
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(full.drops.get('not_taken'), 4)
  await full.stop()
})

test('a target that is no URL is a fault', () => {
  assert.match(prometheusScrape.check?.({ ...quiet, targets: ['node:9100'] })[0]?.message ?? '', /found "node:9100"/)
})
