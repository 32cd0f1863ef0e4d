/** Scenario: states of a Tapio written by hand, drawn. Guarantees: what is drawn, to the letter; nothing hostile reaches a terminal; it fits one of any size. */
import { create } from '@bufbuild/protobuf'
import { stripVTControlCharacters } from 'node:util'
import pc from 'picocolors'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GetServiceInfoResponseSchema, GetTopologyResponseSchema, HealthCheckResponseSchema, PipelineStateSchema } from '../../api/gen/tapio/v1/runtime_pb.js'
import { bar, bytesText, msText, rateText } from './figures.js'
import { draw } from './status.js'
import { earlierState, pipelineState } from './testing/pipeline-state.js'
import { pictureOf, type Look } from './top-picture.js'
import { treeOf } from './topology.js'

const test = suite('pictures of a running Tapio')
const plain = pc.createColors(false)
const colors = pc.createColors(true)
const look: Look = { where: '127.0.0.1:9090', colors: plain, sorting: 'flow', size: undefined }

test('top: edges, rings, threads, and what was dropped now and so far', () => {
  assert.is(pictureOf(pipelineState, earlierState, look).join('\n'), `\
tapio top 127.0.0.1:9090  mode high-performance  03:00:00 UTC  over 1 s
process: 1.37 cores, 210 MiB resident, up 2 h 5 min

PIPELINE  EDGE                               EVENTS/S  P50 MS  P99 MS  IN FLIGHT       SENT  AGAIN  REJECTED  DROPPED
main      receiver/otlp -> pipeline/main       12,345    0.04    0.42          0  1,234,540      0         0        0
main      pipeline/main -> processor/filter    12,345    0.15     1.5          0  1,234,540      0         0        0
main      processor/filter -> exporter/otlp       3.3     123   1,234          4        325     70         5       30

RING               FILL                     USED     OF  LOST
main:in:process-0  ██████████████░░  88 %  7 MiB  8 MiB     2

THREAD     BUSY                    DELAY P99 MS    HEAP
main       ███████░░░░░░░░░  42 %           1.3  30 MiB
process-0  ███████████████░  95 %          20.0  12 MiB

DROPS              NOW  SO FAR  AT
filtered            50   1,200  processor/filter
retries_exhausted    0      30  processor/filter -> exporter/otlp
lost                 0       2  ring main:in:process-0`)
})

const sorted: readonly (readonly [Look['sorting'], string])[] = [['rate', 'receiver/otlp'], ['p99', 'processor/filter'], ['in flight', 'processor/filter'], ['drops', 'processor/filter'], ['flow', 'receiver/otlp']]
for (const [sorting, first] of sorted) {
  test(`top by ${sorting}`, () => { assert.match(pictureOf(pipelineState, undefined, { ...look, sorting })[4] as string, new RegExp(`^main +${first} ->`)) })
}

test('top fits any terminal, and says what it leaves out', () => {
  const many = create(PipelineStateSchema, { ...pipelineState, edges: Array.from({ length: 40 }, () => pipelineState.edges).flat() })
  for (const [columns, rows] of [[80, 24], [40, 10], [200, 60], [20, 5]] as const) {
    const lines = pictureOf(many, earlierState, { ...look, colors, size: { columns, rows } })
    assert.ok(lines.length <= rows, `${lines.length} of ${rows} rows`)
    assert.ok(lines.every(line => stripVTControlCharacters(line).length <= columns))
    assert.match(lines.at(-1) as string, /q quit/)
  }
  assert.match(pictureOf(many, earlierState, { ...look, size: { columns: 200, rows: 40 } }).join('\n'), /… \d+ more/)
})

test('top without rings, threads and drops', () => {
  assert.is(pictureOf(create(PipelineStateSchema, { mode: 'debug', pipelines: ['main'] }), undefined, look).join('\n'), `\
tapio top 127.0.0.1:9090  mode debug   UTC  over 0 s

PIPELINE  EDGE  EVENTS/S  P50 MS  P99 MS  IN FLIGHT  SENT  AGAIN  REJECTED  DROPPED

DROPS  none`)
})

test('status: who is not well, what is stored, what flows', () => {
  const nowMs = Date.UTC(2026, 0, 31, 5, 5, 0)
  const info = create(GetServiceInfoResponseSchema, {
    version: '1.2.3', mode: 'standard', host: 'node-7', startTime: { seconds: BigInt(nowMs / 1000 - 7500) },
    store: { events: 12_345n, incidents: 1n, correlations: 40n, bytes: 5_400_000n, oldestTime: { seconds: 1_769_828_400n }, newestTime: { seconds: 1_769_832_000n }, damaged: ['part-7: its end is missing\u001b[2J'] }
  })
  const health = create(HealthCheckResponseSchema, {
    status: 'not_serving', live: true, ready: false, graph: 'running',
    components: [{ component: 'receiver/otlp', state: 'ok' }, { component: 'exporter/otlp', state: 'recoverable_error', reason: 'connection\nrefused', since: { seconds: BigInt(nowMs / 1000 - 125) } }]
  })
  assert.is(draw({ info, health, pipelines: pipelineState }, 'tapio:9090', plain, nowMs).join('\n'), `\
tapio 1.2.3 at tapio:9090: mode standard, on node-7, up 2 h 5 min
NOT READY (graph running)
components: 1 ok, 1 not
  exporter/otlp  for 2 min 5 s  recoverable_error: connection refused
store: 12,345 events, 1 incident, 40 links, 5.1 MiB, 2026-01-31 03:00:00 to 2026-01-31 04:00:00 UTC
  damaged: part-7: its end is missing
pipelines:
  main  12,345/s in  3.3/s out  1,230 dropped  otlp -> filter -> otlp`)
})

test('topology: each object once, nearest to where it begins', () => {
  const nodes = [['Pod', 'shop', 'cart-0'], ['ReplicaSet', 'shop', 'cart'], ['Node', '', 'node-7'], ['Service', 'shop', 'cart'], ['ConfigMap', 'shop', 'cart'], ['Pod', 'shop', 'web-0']]
    .map(([kind = '', namespace = '', name = '']) => ({ entity: { kind, namespace, name }, exists: kind !== 'ConfigMap' }))
  const edges = [[0, 1, 'owner'], [0, 2, 'runs_on'], [3, 0, 'selects'], [0, 4, 'config_env'], [0, 4, 'config_volume'], [5, 2, 'runs_on'], [3, 5, 'selects']].map(([from, to, kind]) => ({ from: from as number, to: to as number, kind: kind as string }))
  const answer = create(GetTopologyResponseSchema, { nodes, edges })
  assert.is(treeOf(answer, { kind: 'pod', namespace: 'shop', name: 'cart-0' }, plain).join('\n'), `\
Pod shop/cart-0
├─ owner → ReplicaSet shop/cart
├─ runs_on → Node node-7
│  └─ ← runs_on Pod shop/web-0
│     └─ ← selects Service shop/cart …
├─ ← selects Service shop/cart
│  └─ selects → Pod shop/web-0 …
└─ config_env, config_volume → ConfigMap shop/cart (does not exist)`)
  assert.is(treeOf(answer, undefined, plain).join('\n'), `\
Service shop/cart
├─ selects → Pod shop/cart-0
│  ├─ owner → ReplicaSet shop/cart
│  ├─ runs_on → Node node-7
│  └─ config_env, config_volume → ConfigMap shop/cart (does not exist)
└─ selects → Pod shop/web-0
   └─ runs_on → Node node-7 …`)
  const circle = create(GetTopologyResponseSchema, { nodes: nodes.slice(0, 2), edges: [{ from: 0, to: 1, kind: 'refers_to' }, { from: 1, to: 0, kind: 'refers_to' }] })
  assert.is(treeOf(circle, undefined, plain).join('\n'), 'Pod shop/cart-0\n└─ refers_to → ReplicaSet shop/cart')
})

test('figures as people read them', () => {
  assert.equal([0, 1023, 1024, 1536, 100 * 1024, 5.4e6, 2 ** 50].map(bytesText), ['0 B', '1023 B', '1 KiB', '1.5 KiB', '100 KiB', '5.1 MiB', '1 PiB'])
  assert.equal([0, 0.04, 3.25, 9.99, 10.4, 12_345.6].map(rateText), ['0', '0', '3.3', '10', '10', '12,346'])
  assert.equal([0, 0.05, 1.25, 99.94, 1234.5].map(msText), ['-', '0.05', '1.3', '99.9', '1,235'])
  assert.equal([0, 0.001, 0.5, 1, 1.5].map(share => bar(share, 4)), ['░░░░', '█░░░', '██░░', '████', '████'])
})

test.run()
