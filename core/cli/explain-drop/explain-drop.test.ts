/**
 * Scenario: counters of a running Tapio, written by hand, asked over gRPC; a configuration; reasons by name; dead letters on disk.
 * Guarantees: each loss is told once, where it began, with its share, meaning, option as it is set, and what to do; every reason of the
 * catalog has a meaning and an action, and names only options that exist.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeHost, testPlan } from '../../api/services/testing/bench.js'
import { componentDropped } from '../../telemetry/drops.js'
import { edgeMetrics } from '../../telemetry/edges.js'
import { runtimeDrops, runtimeRemedies, type RuntimeReason } from '../../graph/runtime-drops.js'
import { workerLost } from '../../graph/runtime-metrics.js'
import { openCatalog } from '../../instance.js'
import { configOption, setOption } from '../program.js'
import { registryUrl } from '../registry.js'
import { openApi } from '../client/open-api.js'
import { serveApi } from '../client/testing/api-server.js'
import { eventId, filledStore } from '../client/testing/filled-store.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { serviceSchema } from '../../config/shape.js'
import { ruleAt } from './catalog.js'
import { addExplainDropCommand } from './command.js'

const test = suite('explain-drop')

interface Answer { readonly exit: ExitName, readonly out: string, readonly err: string }

async function ask (...args: string[]): Promise<Answer> {
  let [out, err, exit] = ['', '', 'usage' as ExitName]
  const io: CommandIo = { out: text => { out += text }, err: text => { err += text }, color: false, env: {}, modules: [registryUrl] }
  const program = new Command('tapio').exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err })
  addExplainDropCommand(program, [configOption(), setOption()], openApi, io, answer => { exit = answer })
  await program.parseAsync(['explain-drop', ...args], { from: 'user' }).catch(() => undefined)
  return { exit, out, err }
}

const host = new FakeHost()
host.plan = testPlan(['main: test_source | test_misbehaving | test_sink'])
host.healthNow = { ...host.healthNow, ready: false, components: [{ component: 'exporter/test_sink', state: 'recoverable_error', since: new Date(Date.now() - 60_000).toISOString(), reason: 'connection\u001b[2J refused' }] }
const directory = await mkdtemp(join(tmpdir(), 'tapio-explain-drop-'))
const store = await filledStore(directory)
const server = await serveApi(store, { host })
test.after(async () => {
  await server.stop()
  await store.close()
  await rm(directory, { recursive: true })
})

const edge = (from: string, to: string) => host.meters.meterFor({ from, to, pipeline: 'main' })
const [first, second, third] = [edge('receiver/test_source', 'pipeline/main'), edge('pipeline/main', 'processor/test_misbehaving'), edge('processor/test_misbehaving', 'exporter/test_sink')]
for (const meter of [first, second]) meter.counter(edgeMetrics.sent).add(1000)
third.counter(edgeMetrics.sent).add(900)
// A rejection goes back over every edge: 50 rows of the exporter, 10 of the processor.
third.counter(edgeMetrics.rejected).add(50)
second.counter(edgeMetrics.rejected).add(60)
first.counter(edgeMetrics.rejected).add(60)
host.meters.meterFor({ component: 'processor/test_misbehaving', pipeline: 'main' }).counter(componentDropped, { reason: 'filtered' }).add(100)
const overflow = host.meters.meterFor({ component: 'exporter/test_sink', pipeline: '' }).counter(componentDropped, { reason: 'queue_overflow' })
overflow.add(45)
host.meters.meterFor({}).counter(workerLost, { thread: 'process-0' }).add(3)

test('each loss once, where it began, with its share, the state behind it and what to do', async () => {
  const { exit, out, err } = await ask('--server', server.endpoint, '-i', '250ms')
  assert.equal([exit, err], ['ok', ''])
  assert.match(out, /^tapio explain-drop 127\.0\.0\.1:\d+: of 1,000 events brought since the start/)
  assert.match(out, 'rejected at processor/test_misbehaving -> exporter/test_sink, pipeline main\n   so far   50 of 900 it was given (5.556 %); none now\n')
  assert.match(out, 'rejected at pipeline/main -> processor/test_misbehaving, pipeline main\n   so far   10 of 1,000')
  assert.is(out.split('. rejected at').length, 3, 'the same rows at the edge before are not told again')
  assert.match(out, /worker_lost at thread process-0\n {3}so far {3}3; none now\n {3}means {4}A thread that died/)
  assert.match(out, /state {4}recoverable_error for 1 min.*: connection/)
  assert.not.match(out, '\u001b')
})

test('what goes on now comes first, with its rate', async () => {
  const growing = setInterval(() => overflow.add(5), 5)
  const { out } = await ask('--server', server.endpoint, '-i', '500ms').finally(() => clearInterval(growing))
  assert.match(out, /\n1\. queue_overflow at exporter\/test_sink\n {3}so far .*; [\d.,]+\/s now\n/)
})

test('narrowed by reason, place and pipeline; as JSON', async () => {
  const losses = async (...args: string[]) => (JSON.parse((await ask('--server', server.endpoint, '-i', '250ms', '-o', 'json', ...args)).out) as { losses: { place: string, reason: string, share?: number }[] }).losses
  assert.equal((await losses('--at', 'thread')).map(l => l.reason), ['worker_lost'])
  assert.equal((await losses('rejected')).map(l => [l.place, l.share]), [['processor/test_misbehaving -> exporter/test_sink', 50 / 900], ['pipeline/main -> processor/test_misbehaving', 10 / 1000]])
  assert.equal(await losses('--pipeline', 'other'), [])
  const none = await ask('ring_full', '--server', server.endpoint, '-i', '250ms')
  assert.match(none.out, /Nothing was lost as ring_full\. What it means:\nring_full\n {3}by {7}runtime\n/)
})

const config = (directories: string): string => `yaml:
receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}
processors: {filter: {exclude: [{name: x}]}}
exporters: {otlp/b: {endpoint: '127.0.0.1:1', tls: {insecure: true}, sending_queue: {enabled: true, max_size: 3MiB, when_full: drop_oldest}, dead_letter: {directory: '${directories}/dead'}}}
service: {pipelines: {main: {receivers: [otlp], processors: [filter], exporters: [otlp/b]}}}`

test('a configuration: options as they are set, defaults too', async () => {
  const { exit, out, err } = await ask('-c', config(directory))
  assert.equal([exit, err], ['ok', ''])
  assert.match(out, /\nqueue_overflow at exporter\/otlp\/b\n {3}means .*\n {3}options {2}exporters\.otlp\/b\.sending_queue\.when_full = drop_oldest\n {12}exporters\.otlp\/b\.sending_queue\.max_size = 3MiB\n/)
  assert.match(out, /\nfiltered at processor\/filter \(on purpose\)\n/)
  assert.match((await ask('shutdown', '-c', config(directory))).out, /service\.shutdown_timeout = 30s/)
  assert.is((await ask('-c', 'yaml:receivers: 1')).exit, 'config')
})

test('a reason by its name, all places where it is given; a misspelt one is put right', async () => {
  const { exit, out } = await ask('refused')
  assert.is(exit, 'ok')
  assert.match(out, /by {7}processor\/batch\n/)
  assert.match(out, /by {7}connector\/routing\n/)
  const wrong = await ask('que_overflow')
  assert.is(wrong.exit, 'failure')
  assert.match(wrong.err, /did you mean queue_overflow\? There are: .*worker_lost/)
})

test('an event: in the store, or where it was looked for', async () => {
  assert.match((await ask('--event', eventId(1), '--server', server.endpoint)).out, /^event 0{31}1\n {2}found in the store of 127\.0\.0\.1:\d+: 2026-01-31 03:00:00.* UTC, ebpf, oom_kill/)
  const { exit, out } = await ask('--event', eventId(99), '--server', server.endpoint, '-c', config(directory))
  assert.is(exit, 'failure')
  assert.match(out, /not in the store of .*\n {2}not in .*\/dead: there is no .*\n\nNothing that remembers single events has it/)
})

const { all } = await openCatalog([registryUrl])
for (const { kind, type, drops, remedies = {}, schema } of all.filter(f => Object.keys(f.drops).length > 0)) {
  test(`${kind}/${type}: every reason has a meaning, an action, and options that exist`, () => {
    for (const [reason, meaning] of Object.entries(drops)) {
      assert.ok(meaning.length > 10, `${reason}: a meaning`)
      assert.match(remedies[reason]?.action ?? '', /^[A-Z].{10,}\.$/s, `${reason}: an action`)
      for (const option of remedies[reason]?.options ?? []) checkOption(option, schema, reason)
    }
    for (const reason of Object.keys(remedies)) assert.ok(reason in drops, `${reason} is no reason of it`)
  })
}

test('the runtime\'s own reasons: a meaning, an action, options that exist', () => {
  for (const reason of Object.keys(runtimeDrops) as RuntimeReason[]) {
    assert.match(runtimeRemedies[reason].action, /^[A-Z].{10,}\.$/s, reason)
    for (const option of runtimeRemedies[reason].options) checkOption(option, undefined, reason)
  }
})

function checkOption (option: string, schema: Parameters<typeof ruleAt>[0], reason: string): void {
  const rule = option.startsWith('service.') ? ruleAt(serviceSchema, option.slice('service.'.length)) : ruleAt(schema, option)
  // Some exporters have no retries of their own; a queue gives them.
  assert.ok(rule !== undefined || (option.startsWith('retry_on_failure.') && ruleAt(schema, 'retry_on_failure') === undefined), `${reason}: there is no option ${option}`)
}

test.run()
