/**
 * Scenario: `tapio graph --live` over a real gRPC server, and pictures of states written by hand.
 * Guarantees: every arrow is told once, with rate, latency, what waits and what is lost now; it fits a terminal of any size, scrolls, and
 * outlives a server that goes away and comes back as another process.
 */
import { create } from '@bufbuild/protobuf'
import { TimestampSchema } from '@bufbuild/protobuf/wkt'
import { stripVTControlCharacters } from 'node:util'
import pc from 'picocolors'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PipelineComponentSchema, PipelineStateSchema, type PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'
import { FakeHost, testPlan } from '../../api/services/testing/bench.js'
import { queueCapacity, queuedBytes } from '../../delivery/queue/options.js'
import { graphMermaid } from './graph-live-mermaid.js'
import { graphPicture, type GraphLook } from './graph-live-picture.js'
import type { LiveGraph } from './graph-live-state.js'
import { serveApi } from './testing/api-server.js'
import { FakeTerminal } from './testing/fake-terminal.js'
import { earlierState, pipelineState } from './testing/pipeline-state.js'
import { run } from './testing/run.js'

const test = suite('graph --live')
const look: GraphLook = { where: '127.0.0.1:9090', colors: pc.createColors(false), size: undefined }
const graphOf = (state: PipelineState): LiveGraph => ({ state, queues: new Map([['exporter/otlp', { usedBytes: 3 << 20, capacityBytes: 4 << 20 }]]) })
const live = graphOf(create(PipelineStateSchema, {
  ...pipelineState,
  components: [
    { name: 'receiver/otlp', kind: 'receiver', id: 'otlp', type: 'otlp', pipelines: ['main'], threads: ['main'], state: 'ok' },
    { name: 'processor/filter', kind: 'processor', id: 'filter', type: 'filter', pipelines: ['main'], threads: ['process-0', 'process-1', 'process-2'], state: 'ok', drops: [{ reason: 'filtered', events: 1200n }] },
    { name: 'exporter/otlp', kind: 'exporter', id: 'otlp', type: 'otlp', pipelines: ['main'], threads: ['main'], state: 'recoverable_error', reason: 'connection refused' }
  ].map(one => create(PipelineComponentSchema, one))
}))
const earlier = graphOf(create(PipelineStateSchema, { ...earlierState, time: create(TimestampSchema, { seconds: 1_769_828_399n, nanos: 250_000_000 }) }))

test('each arrow with what flows, waits and is lost; rings before their readers; queues below their exporters', () => {
  assert.is(graphPicture(live, earlier, look).join('\n'), `\
tapio graph --live 127.0.0.1:9090  mode high-performance  03:00:00 UTC  over 1 s
process: 1.37 cores, 210 MiB resident, up 2 h 5 min

PIPELINE            EVENTS/S  P99 MS  WAITING  LOST/S  THREADS                STATE
main
┌ receiver/otlp       12,345    0.42        0       0  main                   ok
│   ═ ring ███████████░ 88 % of 8 MiB main → process-0
│   lost: lost 2 so far
├ processor/filter    12,345     1.5        0      50  process-0 … process-2  ok
│   lost: filtered 50/s, 1,200 so far
└→ exporter/otlp         3.3   1,234        4       0  main                   recoverable_error
    connection refused
    queue █████████░░░ 75 % of 4 MiB
    lost: retries_exhausted 30 so far
    lost: rejected 5 so far`)
})

test('no pipelines, a pipeline without arrows, one that is all receivers', () => {
  const pictureOf = (init: object): string[] => graphPicture({ state: create(PipelineStateSchema, { mode: 'debug', ...init }), queues: new Map() }, undefined, look).slice(2)
  assert.equal(pictureOf({}), ['No pipelines.'])
  assert.equal(pictureOf({ pipelines: ['main'] }).slice(1), ['main'])
  assert.match(pictureOf({ pipelines: ['main'], edges: [{ pipeline: 'main', from: 'receiver/a', to: 'pipeline/main' }] })[2] as string, /^┌ receiver\/a +0 +- +0 +0/)
})

test('a component of several pipelines has its own losses and its queue once', () => {
  const edge = (pipeline: string, from: string, to: string) => ({ pipeline, from, to })
  const state = create(PipelineStateSchema, { pipelines: ['a', 'b'], components: [{ name: 'exporter/otlp', pipelines: ['a', 'b'], state: 'ok', drops: [{ reason: 'queue_overflow', events: 7n }] }], edges: [edge('a', 'pipeline/a', 'exporter/otlp'), edge('b', 'pipeline/b', 'exporter/otlp')] })
  const text = graphPicture(graphOf(state), undefined, look).join('\n')
  assert.is(text.split('queue_overflow').length, 2)
  assert.is(text.split('queue ').length, 2)
})

test('it fits any terminal, says what is above and below, and nothing hostile gets through', () => {
  const hostile = graphOf(create(PipelineStateSchema, { ...live.state, components: live.state.components.map(one => ({ ...one, reason: `\u001b[2J${'x'.repeat(500)}` })) }))
  for (const [columns, rows] of [[80, 24], [40, 8], [200, 60], [10, 4]] as const) {
    for (const top of [0, 3, 1000]) {
      const lines = graphPicture(hostile, earlier, { ...look, colors: pc.createColors(true), size: { columns, rows }, top })
      assert.ok(lines.length <= rows, `${lines.length} of ${rows} rows`)
      assert.ok(lines.every(line => stripVTControlCharacters(line).length <= columns))
      assert.not.match(lines.join('\n'), '\u001b[2J')
      assert.match(lines.at(-1) as string, /q quit/)
    }
  }
  assert.match(graphPicture(live, earlier, { ...look, size: { columns: 120, rows: 9 }, top: 2 }).join('\n'), /lines 3 to 7 of 12/)
})

test('mermaid: rates and losses at the arrows, what fails in red, names that cannot break it', () => {
  const text = graphMermaid(live, earlier)
  assert.match(text, /^flowchart LR\n {2}n0\(\["otlp"\]\)\n {2}n1\(\("main"\)\)\n/)
  assert.match(text, '\n  n1 -->|"12,345/s<br/>p99 1.5 ms<br/>50/s lost"| n2\n')
  assert.match(text, '  n3[/"otlp<br/>recoverable_error: connection refused"/]:::bad\n')
  assert.match(graphMermaid(graphOf(create(PipelineStateSchema, { pipelines: ['a'], edges: [{ pipeline: 'a', from: 'receiver/x"]<b>', to: 'pipeline/a' }] })), undefined), '(["x#quot;]#lt;b#gt;"])')
})

const host = new FakeHost()
host.plan = testPlan(['main: test_source | test_misbehaving | test_sink'])
const sink = host.meters.meterFor({ component_kind: 'exporter', component_id: 'test_sink' })
sink.gauge(queuedBytes).set(1 << 20)
sink.gauge(queueCapacity).set(4 << 20)

test('once, in each form, where there is no terminal', async () => {
  const server = await serveApi(undefined, { host })
  try {
    const ask = (...args: string[]) => run(['graph', '--live', '-i', '250ms', '--server', server.endpoint, ...args])
    const { exit, out, err } = await ask()
    assert.equal([exit, err], ['ok', ''])
    assert.match(out, /\n┌ receiver\/test_source .*\n(│ .*\n)*├ processor\/test_misbehaving .*\n(│ .*\n)*└→ exporter\/test_sink .*\n(.*\n)? {4}queue ███░{9} 25 % of 4 MiB\n$/)
    assert.is((JSON.parse((await ask('-o', 'json')).out) as { edges: unknown[] }).edges.length, 3)
    assert.match((await ask('-o', 'mermaid')).out, /^flowchart LR\n/)
  } finally {
    await server.stop()
  }
})

test('without --live it needs a configuration, and says which flags are for --live', async () => {
  assert.equal(await run(['graph']), { exit: 'usage', out: '', err: 'tapio graph: give --config FILE, or --live for a running Tapio\n' })
  assert.match((await run(['graph', '--once'])).err, '--once is for --live')
  assert.match((await run(['graph', '--server', 'x:1'])).err, '--server is for --live')
})

test('a server that goes away is said in place, and one that comes back is drawn again', async () => {
  let server = await serveApi(undefined, { host })
  const { port } = server
  let step = 0
  let restarted = Promise.resolve()
  const terminal = new FakeTerminal((picture, t) => {
    if (step === 0 && picture.includes('EVENTS/S')) { step = 1; void server.stop() }
    else if (step === 1 && picture.includes('cannot reach')) { step = 2; restarted = (async () => { server = await serveApi(undefined, { host, port }) })() }
    else if (step === 2 && picture.includes('EVENTS/S') && picture.includes('q quit')) { step = 3; t.press('j'); t.press('q') }
  })
  try {
    assert.equal([await run(['graph', '--live', '-i', '250ms', '--server', `127.0.0.1:${port}`], { terminal, columns: 100 }), step], [{ exit: 'ok', out: '', err: '' }, 3])
    assert.ok(terminal.written.endsWith('\u001b[?25h\u001b[?1049l'))
  } finally {
    await restarted
    await server.stop()
  }
})

test.run()
