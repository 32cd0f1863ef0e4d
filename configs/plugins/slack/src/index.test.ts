import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, test } from 'node:test'
import type { EventInput, Exporter, Outcome } from 'tapio/plugin'
import { contractTests, deadlineIn, eventBatch, testBench } from 'tapio/testing'
import { messageOf } from './blocks.js'
import { slack } from './index.js'

const quiet = { webhook_url: 'http://127.0.0.1:1/', token: '', channel: '', format: 'slack', min_severity: 'medium', link: '', timeout: 2000, api_url: 'https://slack.com/api' }
for (const { name, run } of contractTests(slack, { config: () => quiet })) test(name, run)

const document = (id: string, version: number, more: object = {}): object => ({
  schema: 1, id, version, status: 'open', title: 'Memory exhaustion on node-7', severity: 'high', startMs: 1.7e12,
  impact: { summary: 'HIGH - 2 services failed', affected: [{ entity: { kind: 'Service', namespace: 'shop', name: 'orders' }, state: 'failed', why: '' }] },
  hypotheses: [{ title: 'nginx leaks <memory>', explanation: 'It grew.', score: 0.97 }], chain: [{ text: 'OOM killer invoked' }], actions: [{ text: 'Cordon node-7', command: 'kubectl cordon node-7' }], ...more
})
const incident = (id: string, version: number, more: object = {}): EventInput => ({ name: 'tapio.incident', raw: { encoding: 7, bytes: Buffer.from(JSON.stringify(document(id, version, more))) } })

/** What a test that failed leaves open would keep the process alive. */
const open: (() => Promise<void>)[] = []
afterEach(async () => { for (const close of open.splice(0)) await close() })

type Call = { readonly path: string, readonly authorization: string | undefined, readonly body: Record<string, unknown> }
type Answer = (call: Call, response: ServerResponse) => void

async function server (answer: Answer) {
  const calls: Call[] = []
  const http = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => {
      const call = { path: request.url ?? '', authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown> }
      calls.push(call)
      answer(call, response)
    })
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  open.push(async () => { http.closeAllConnections(); await new Promise(resolve => http.close(resolve)) })
  return { calls, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` }
}

async function telling (options: object, answer: Answer) {
  const backend = await server(answer)
  const bench = testBench('exporter', 'slack', { ...quiet, webhook_url: '', token: 'xoxb-1', channel: 'C1', api_url: backend.url, ...options })
  const exporter = await slack.create(bench.services) as Exporter
  return { ...bench, calls: backend.calls, give: async (...inputs: EventInput[]): Promise<Outcome> => await exporter.consume(eventBatch(...inputs)), end: async () => { await exporter.stop?.(deadlineIn(1000)) } }
}

const works: Answer = (call, response) => { response.end(JSON.stringify({ ok: true, ts: call.body['ts'] ?? '17.1', channel: 'C1' })) }

test('one message an incident, changed as it changes; the end is told in its thread', async () => {
  const t = await telling({ link: 'https://tapio.example.org/i/{id}' }, works)
  await t.give(incident('a', 1), { name: 'other' })
  await t.give(incident('a', 2), incident('a', 3))
  await t.give(incident('a', 3))
  await t.give(incident('a', 4, { status: 'resolved' }))
  assert.deepEqual(t.calls.map(c => [c.path, c.body['ts'] ?? '', c.body['thread_ts'] ?? '']), [['/chat.postMessage', '', ''], ['/chat.update', '17.1', ''], ['/chat.update', '17.1', ''], ['/chat.postMessage', '', '17.1']])
  assert.equal(t.calls[0]?.authorization, 'Bearer xoxb-1')
  const text = JSON.stringify(t.calls[0]?.body['blocks'])
  for (const part of ['Memory exhaustion on node-7', 'nginx leaks &lt;memory&gt;', '97 %', 'OOM killer invoked', 'failed: Service shop/orders', 'kubectl cordon node-7', 'https://tapio.example.org/i/a']) assert.ok(text.includes(part), part)
  assert.deepEqual(Object.fromEntries(t.drops), { no_incident: 1, not_news: 2 })
  await t.end()
})

test('asked to wait it answers retry with the time, and tells nothing twice', async () => {
  let turn = 0
  const t = await telling({}, (call, response) => { if (++turn === 2) response.writeHead(429, { 'retry-after': '7' }).end(); else works(call, response) })
  const rows = [incident('a', 1), incident('b', 1)]
  const first = await t.give(...rows)
  assert.deepEqual([first.status, (first as { afterMs?: number }).afterMs], ['retry', 7000])
  assert.equal((await t.give(...rows)).status, 'accepted')
  assert.equal(t.calls.length, 3)
  assert.equal(t.status.events.at(-1), 'ok')
  await t.end()
})

const wrong: readonly (readonly [what: string, answer: Answer, status: string])[] = [
  ['an error that passes', (_c, r) => r.end('{"ok":false,"error":"internal_error"}'), 'retry'],
  ['an error that stays', (_c, r) => r.end('{"ok":false,"error":"channel_not_found"}'), 'rejected'],
  ['no JSON', (_c, r) => r.end('<html>'), 'retry'],
  ['null', (_c, r) => r.end('null'), 'retry'],
  ['400', (_c, r) => r.writeHead(400).end(), 'rejected'],
  ['503', (_c, r) => r.writeHead(503).end(), 'retry'],
  ['nothing', () => undefined, 'retry'],
  ['a cut connection', (_c, r) => r.destroy(), 'retry'],
  ['a redirect', (_c, r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'retry'],
  ['an answer without end', (_c, r) => { const more = (): void => { while (!r.destroyed && r.write('x'.repeat(65536))); }; r.on('drain', more); more() }, 'retry']
]

for (const [what, answer, status] of wrong) {
  test(`Slack answers ${what}: ${status}`, async () => {
    const t = await telling({ timeout: what === 'nothing' ? 200 : 30_000 }, answer)
    const outcome = await t.give({ name: 'x' }, incident('a', 1))
    assert.equal(outcome.status, status)
    if (outcome.status === 'rejected') assert.deepEqual([...outcome.rows ?? []], [1])
    assert.ok(!JSON.stringify([outcome, t.logger.lines, t.status.events]).includes('xoxb-1'))
    await t.end()
  })
}

test('a webhook hears of the beginning, of worse and of the end', async () => {
  const backend = await server((_c, r) => r.end('ok'))
  const t = await telling({ webhook_url: `${backend.url}/hook`, token: '', channel: '' }, works)
  for (const [version, more] of [[1, {}], [2, {}], [3, { severity: 'critical' }], [4, { severity: 'critical' }], [5, { status: 'resolved' }]] as const) await t.give(incident('a', version, more))
  await t.give(incident('b', 1, { severity: 'low' }))
  assert.deepEqual(backend.calls.map(c => c.body['text']), ['HIGH open: Memory exhaustion on node-7', 'CRITICAL open: Memory exhaustion on node-7', 'HIGH resolved: Memory exhaustion on node-7'])
  assert.equal(backend.calls[0]?.authorization, undefined)
  assert.equal(t.drops.get('not_severe'), 1)
  await t.end()
})

test('what is no document is no incident, and no message passes Slack\'s limits', async () => {
  const t = await telling({}, works)
  const damaged: EventInput[] = ['', '{', 'null', '[]', '{"id":7}', '{"schema":2,"id":"a"}'].map(text => ({ name: 'tapio.incident', raw: { encoding: 7, bytes: Buffer.from(text) } }))
  await t.give(...damaged, { name: 'tapio.incident' })
  assert.deepEqual([t.calls.length, t.drops.get('no_incident')], [0, 7])
  const long = '<&>`😀'.repeat(2000)
  await t.give(incident('a', 1, { title: long, severity: 'high', startMs: 1e300, impact: { summary: long, affected: Array(20).fill({ entity: { kind: long, name: long }, state: long }) }, hypotheses: [{ title: long, explanation: long, score: 'x' }], chain: Array(20).fill({ text: long }), actions: Array(20).fill({ text: long, command: long }) }))
  const blocks = t.calls[0]?.body['blocks'] as { type: string, text?: { text: string } }[]
  assert.ok(blocks.length <= 50)
  for (const { type, text } of blocks) assert.ok((text?.text.length ?? 0) <= (type === 'header' ? 150 : 3000), type)
  assert.ok(JSON.stringify(messageOf({ id: 'x', version: 1, isOpen: false, title: '', severity: 'odd', startMs: 0, impact: '', cause: '', explanation: '', confidence: 0, chain: [], affected: [], actions: [], mergedInto: 'y' }, '')).includes('merged into y'))
  await t.end()
})

test('options that do not go together', () => {
  const fault = (more: object): string => slack.check?.({ ...quiet, ...more })[0]?.message ?? ''
  assert.match(fault({ webhook_url: '' }), /one of `webhook_url` and `token`, found none/)
  assert.match(fault({ token: 'x' }), /found both/)
  assert.match(fault({ webhook_url: '', token: 'x' }), /needs the id of a `channel`/)
  assert.match(fault({ webhook_url: 'slack' }), /must be a URL/)
})
